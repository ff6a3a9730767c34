import type { VerbField } from "../contract/verb.ts";
import type { Command, Invocation } from "./command.ts";
import { readValue } from "./read-value.ts";
import { otherFlag } from "./other-words.ts";
import { suggest } from "./suggest.ts";
import { UsageError } from "./usage-error.ts";

/** Flags that every command takes. */
const JSON_FLAG = "json";
const HELP_FLAGS: ReadonlySet<string> = new Set(["--help", "-h"]);

/** Types of fields that gather what is given several times. */
const REPEATED: ReadonlySet<VerbField["type"]> = new Set(["environment", "pairs", "changes", "list"]);

type Parsed = Omit<Invocation, "command">;

/**
 * Reads what follows a command's words. Throws `UsageError`, naming the flag. Flags may stand anywhere before `--`; where a
 * command for the guest follows, nothing after the last positional is taken for a flag of ours.
 */
export function parseArguments(command: Command, argv: readonly string[]): Parsed {
  const state: State = { given: {}, words: [], rest: [], json: false };
  for (let at = 0; at < argv.length;) {
    const word = argv[at] ?? "";
    const takesRest = command.rest !== undefined && state.words.length === command.positional.length;
    if (HELP_FLAGS.has(word)) return { given: {}, placed: [], repeated: [], rest: [], json: false, wantsHelp: true };
    if (word === "--" && command.rest !== undefined) return finish(command, { ...state, rest: argv.slice(at + 1) });
    if (word === "--") {
      state.words.push(...argv.slice(at + 1));
      break;
    }
    if (word.startsWith("--")) at += readLong(command, state, word, argv[at + 1]);
    else if (word.startsWith("-") && word !== "-") at += readShort(command, state, word, argv[at + 1]);
    else if (takesRest && command.positional.length > 0) return finish(command, { ...state, rest: argv.slice(at) });
    else {
      state.words.push(word);
      at += 1;
    }
  }
  return finish(command, state);
}

interface State {
  readonly given: Record<string, unknown>;
  readonly words: string[];
  readonly rest: readonly string[];
  json: boolean;
}

/** Reads `--flag`, `--flag value` or `--flag=value`; returns the words taken. */
function readLong(command: Command, state: State, word: string, next: string | undefined): number {
  const equals = word.indexOf("=");
  const flag = equals < 0 ? word.slice(2) : word.slice(2, equals);
  if (flag === JSON_FLAG) {
    state.json = true;
    return 1;
  }
  const field = flagsOf(command).find((each) => each.flag === flag);
  if (field === undefined) throw unknownFlag(command, `--${flag}`);
  const inline = equals < 0 ? undefined : word.slice(equals + 1);
  return take(state, field, `--${flag}`, inline, next);
}

/** Reads `-f`, `-fvalue`, `-f value`, or several flags that take none, as in `-it`; returns the words taken. */
function readShort(command: Command, state: State, word: string, next: string | undefined): number {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? "";
    const field = flagsOf(command).find((each) => each.alias === letter);
    if (field === undefined) throw unknownFlag(command, `-${letter}`);
    if (field.type === "boolean") {
      take(state, field, `-${letter}`, undefined, undefined);
      continue;
    }
    const rest = word.slice(at + 1).replace(/^=/, "");
    return take(state, field, `-${letter}`, rest === "" ? undefined : rest, next);
  }
  return 1;
}

function take(state: State, field: VerbField, flag: string, inline: string | undefined, next: string | undefined): number {
  if (field.name in state.given && !REPEATED.has(field.type)) throw new UsageError(`${flag} was given twice`);
  if (field.type === "boolean") {
    if (inline !== undefined) throw new UsageError(`${flag} takes no value`);
    state.given[field.name] = field.default !== true;
    return 1;
  }
  const text = inline ?? next;
  if (text === undefined || (inline === undefined && text.startsWith("--"))) {
    throw new UsageError(`${flag} needs a value`, `${flag} ${field.placeholder ?? "VALUE"}`);
  }
  state.given[field.name] = readValue(field, flag, text, state.given[field.name]);
  return inline === undefined ? 2 : 1;
}

/** Gives the words their places. */
function finish(command: Command, { given, words, rest, json }: State): Parsed {
  const byName = new Map(command.fields.map((field) => [field.name, field]));
  const left = [...words];
  let repeated: readonly string[] = [];
  const placed: string[] = [];
  for (const name of command.positional) {
    const field = byName.get(name);
    const placeholder = field?.placeholder ?? name.toUpperCase();
    const after = command.positional.length - 1 - command.positional.indexOf(name);
    if (left.length === 0) {
      if (field?.required === true && !(name in given)) throw new UsageError(`${placeholder} is missing: ${field.brief}`);
      continue;
    }
    const word = left.shift() ?? "";
    if (name in given) throw new UsageError(`${placeholder} was given twice: \`${word}\` and --${field?.flag ?? name}`);
    given[name] = field === undefined ? word : readValue(field, placeholder, word, undefined);
    placed.push(name);
    if (command.repeat === name) repeated = [word, ...left.splice(0, Math.max(0, left.length - after))];
  }
  if (left.length > 0) throw tooMany(command, left, rest);
  for (const field of command.fields) {
    if (field.required && !(field.name in given)) throw new UsageError(`--${field.flag} is missing: ${field.brief}`);
  }
  if (command.rest?.required === true && rest.length === 0)
    throw new UsageError(`${command.rest.placeholder} is missing: what is to run in the vm`);
  return { given, placed, repeated, rest, json, wantsHelp: false };
}

function tooMany(command: Command, extra: readonly string[], rest: readonly string[]): UsageError {
  const words = `banger ${command.words.join(" ")}`;
  // With a command behind -- this is the name that other commands take here.
  const isName = rest.length > 0 && flagsOf(command).some(({ name }) => name === "name");
  const meant = isName ? `${words} --name ${extra[0]} -- ${rest.join(" ")}` : `${words} -- ${[...extra, ...rest].join(" ")}`;
  const hint = isName ? meant : `put the command for the vm after --, as in: ${meant}`;
  return new UsageError(`there is no place for \`${extra[0]}\``, command.rest === undefined ? undefined : hint);
}

/** The fields that can be given as flags: those by position only when they may be left out. */
export function flagsOf(command: Command): readonly VerbField[] {
  return command.fields.filter(({ name, required }) => !command.positional.includes(name) || !required);
}

function unknownFlag(command: Command, flag: string): UsageError {
  const known = flagsOf(command).map((field) => `--${field.flag}`);
  const meant = suggest(flag, [...known, "--json", "--help"]);
  const hint = otherFlag(command.words, flag) ?? (meant === undefined ? undefined : `did you mean ${meant}?`);
  return new UsageError(`there is no flag ${flag}`, hint);
}
