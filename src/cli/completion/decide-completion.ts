import type { FieldHint } from "../../contract/operation.ts";
import type { VerbField } from "../../contract/verb.ts";
import type { Command } from "../command.ts";
import { flagsOf } from "../parse-arguments.ts";

export type NamesOf = Exclude<NonNullable<FieldHint["completes"]>, "place">;

export interface Candidate {
  readonly value: string;
  readonly brief?: string;
}

/** What could stand in the place of the word that is being typed. */
export interface Offer {
  readonly candidates: readonly Candidate[];
  /** Names to be asked for. */
  readonly names?: NamesOf;
  /** Names that stand there already. */
  readonly taken?: readonly string[];
  /** Paths of this computer, which the shell itself knows best. */
  readonly files?: true;
  /** What follows each of the names: `:`. The word is not over then. */
  readonly after?: string;
  /** What of the word stands before the value: `--image=`. */
  readonly before?: string;
}

const NOTHING: Offer = { candidates: [] };
const HELP: Candidate = { value: "--help", brief: "show flags and examples" };
const JSON_FLAG: Candidate = { value: "--json", brief: "one JSON document on stdout" };

/**
 * What completes a command line: pure but for what has to be looked up, which it only names.
 * @param words what stands after `banger`, up to the word that is being typed.
 * @param current the word that is being typed, as far as it has come.
 */
export function decideCompletion(commands: readonly Command[], words: readonly string[], current: string): Offer {
  if (words[0] === "help") return offerWords(commands, words.slice(1));
  const forms = formsOf(commands);
  const found = forms
    .filter(({ form }) => form.every((word, at) => words[at] === word))
    .toSorted((a, b) => b.form.length - a.form.length)[0];
  if (found === undefined) return offerWords(commands, words);
  return offerArguments(found.command, words.slice(found.form.length), current);
}

function formsOf(commands: readonly Command[]) {
  return commands
    .filter(({ hidden }) => hidden !== true)
    .flatMap((command) => [command.words, ...command.aliases].map((form) => ({ command, form })));
}

/** The next word of every command that begins like this. */
function offerWords(commands: readonly Command[], words: readonly string[]): Offer {
  const next = new Map<string, string | undefined>();
  for (const { command, form } of formsOf(commands)) {
    const word = form[words.length];
    if (word === undefined || !words.every((typed, at) => form[at] === typed)) continue;
    const isLast = form.length === words.length + 1;
    if (isLast || !next.has(word)) next.set(word, isLast ? command.summary : undefined);
  }
  if (next.size === 0) return NOTHING;
  const candidates = [...next].map(([value, brief]) => ({ value, ...(brief === undefined ? {} : { brief }) }));
  return { candidates: words.length === 0 ? [...candidates, HELP, { value: "--version" }] : candidates };
}

/** What can follow the words of a command. */
function offerArguments(command: Command, words: readonly string[], current: string): Offer {
  const state = readWords(command, words);
  if (state.inRest) return NOTHING;
  if (state.awaiting !== undefined) return offerValues(state.awaiting, "", []);
  const equals = /^(--[a-z-]+=)/.exec(current)?.[1];
  if (equals !== undefined && !state.flagsAreOver) {
    const field = flagsOf(command).find(({ flag, type }) => `--${flag}=` === equals && type !== "boolean");
    return field === undefined ? NOTHING : offerValues(field, equals, []);
  }
  const name = command.positional[state.places.length] ?? command.repeat;
  const field = command.fields.find((each) => each.name === name);
  if (field !== undefined && (state.flagsAreOver || !current.startsWith("-"))) {
    return field.completes === "place" ? offerPlace(current) : offerValues(field, "", state.places);
  }
  return state.flagsAreOver ? NOTHING : { candidates: offerFlags(command, state.flags) };
}

interface Typed {
  readonly places: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** The flag whose value is being typed. */
  readonly awaiting: VerbField | undefined;
  readonly flagsAreOver: boolean;
  /** The command for the guest has begun. */
  readonly inRest: boolean;
}

/** Reads as the parser does, but forgives what is wrong. */
function readWords(command: Command, words: readonly string[]): Typed {
  const places: string[] = [];
  const flags = new Set<string>();
  let awaiting: VerbField | undefined;
  for (const [at, word] of words.entries()) {
    const over = { places, flags, awaiting: undefined, flagsAreOver: true };
    if (awaiting !== undefined) awaiting = undefined;
    else if (word === "--" && command.rest !== undefined) return { ...over, inRest: true };
    else if (word === "--") return { ...over, places: [...places, ...words.slice(at + 1)], inRest: false };
    else if (word.startsWith("-") && word !== "-") {
      const field = flagOf(command, word);
      if (field !== undefined) flags.add(field.name);
      else flags.add(word.slice(2));
      if (field !== undefined && field.type !== "boolean" && !hasValue(word)) awaiting = field;
    } else {
      places.push(word);
      if (command.rest !== undefined && places.length > command.positional.length && command.positional.length > 0) {
        return { ...over, inRest: true };
      }
    }
  }
  return { places, flags, awaiting, flagsAreOver: false, inRest: false };
}

/** The last flag of a word: `-it` has two. */
function flagOf(command: Command, word: string): VerbField | undefined {
  const long = /^--([^=]+)/.exec(word)?.[1];
  if (long !== undefined) return flagsOf(command).find(({ flag }) => flag === long);
  const letters = word
    .slice(1)
    .split("")
    .map((letter) => flagsOf(command).find(({ alias }) => alias === letter));
  return letters.find((field) => field?.type !== "boolean") ?? letters.at(-1);
}

function hasValue(word: string): boolean {
  return word.startsWith("--") ? word.includes("=") : word.length > 2;
}

function offerFlags(command: Command, given: ReadonlySet<string>): readonly Candidate[] {
  const free = flagsOf(command).filter(({ name, type }) => !given.has(name) || type === "environment");
  return [
    ...free.map(({ flag, brief }) => ({ value: `--${flag}`, brief })),
    ...(command.hasJson === false || given.has("json") ? [] : [JSON_FLAG]),
    HELP,
  ];
}

/** A path of this computer, or one of a vm, which is not looked at: what names lie in there is the guest's to say. */
function offerPlace(typed: string): Offer {
  if (/^[a-z0-9-]+:/.test(typed)) return NOTHING;
  return { candidates: [], files: true, ...(typed.includes("/") ? {} : { names: "vm", after: ":" }) };
}

function offerValues({ choices, completes, type }: VerbField, before: string, taken: readonly string[]): Offer {
  if (choices !== undefined) return { candidates: choices.map((value) => ({ value })), before };
  if (completes !== undefined && completes !== "place") return { candidates: [], names: completes, before, taken };
  return type === "path" || type === "input" || type === "source" ? { candidates: [], files: true, before } : NOTHING;
}
