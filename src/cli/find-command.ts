import type { Command } from "./command.ts";
import { otherCommand, otherVerb } from "./other-words.ts";
import { suggest } from "./suggest.ts";
import { UsageError } from "./usage-error.ts";

export interface Found {
  readonly command: Command;
  /** What follows the words. */
  readonly rest: readonly string[];
}

/** Finds the command whose words come first; undefined when the words stop at a noun, such as `vm`. Throws `UsageError`. */
export function findCommand(commands: readonly Command[], argv: readonly string[]): Found | undefined {
  const forms = commands.flatMap((command) => [command.words, ...command.aliases].map((words) => ({ command, words })));
  const found = forms
    .filter(({ words }) => words.every((word, at) => argv[at] === word))
    .toSorted((a, b) => b.words.length - a.words.length)[0];
  if (found !== undefined) return { command: found.command, rest: argv.slice(found.words.length) };

  const [first = "", second] = argv;
  const visible = forms.filter(({ command }) => command.hidden !== true);
  const verbs = visible.filter(({ words }) => words.length > 1 && words[0] === first).map(({ words }) => words[1] ?? "");
  if (verbs.length > 0 && (second === undefined || second.startsWith("-"))) return undefined;
  const isNoun = verbs.length > 0;
  const typed = isNoun ? `${first} ${second ?? ""}` : first;
  const all = new Set(visible.map(({ words }) => words.join(" ")));
  const meant = isNoun ? meantVerb(second ?? "", verbs) : meantCommand(first, all);
  throw new UsageError(
    `there is no command \`banger ${typed}\``,
    meant === undefined ? `banger ${isNoun ? `${first} ` : ""}--help` : `did you mean banger ${isNoun ? `${first} ` : ""}${meant}?`,
  );
}

/** @param commands all that there are, as they are typed. */
function meantCommand(typed: string, commands: ReadonlySet<string>): string | undefined {
  const isVerb = [`vm ${typed}`, `daemon ${typed}`, `system ${typed}`].find((words) => commands.has(words));
  return otherCommand(typed) ?? isVerb ?? suggest(typed, new Set([...commands].map((words) => words.split(" ")[0] ?? "")));
}

function meantVerb(typed: string, verbs: readonly string[]): string | undefined {
  const other = otherVerb(typed);
  return other !== undefined && verbs.includes(other) ? other : suggest(typed, verbs);
}
