import type { VerbField } from "../contract/verb.ts";
import type { Command } from "./command.ts";
import { flagsOf } from "./parse-arguments.ts";
import { widthOfOutput } from "./print.ts";
import { hang, wrap } from "./wrap.ts";

const DAILY: readonly (readonly [string, string])[] = [
  ["run", "create a vm and run a command in it"],
  ["ps", "list vms"],
  ["exec", "run a command in a vm"],
  ["shell", "open a login shell in a vm"],
  ["cp", "copy files and folders between this computer and a vm"],
  ["stats, ports", "show what vms use, and what listens in one"],
  ["logs", "show or follow a log of a vm"],
  ["console", "attach to the serial port of a vm"],
  ["start, stop, kill", "start a vm, have it power off, end it at once"],
  ["pause, resume", "make a vm stand still, let it go on"],
  ["rm", "delete a vm"],
];

/** Longer lines are hard to read. */
const MOST_WIDTH = 96;
const JSON_BRIEF = "one JSON document on stdout";

/** What `banger --help` shows. */
export function helpOfAll(commands: readonly Command[]): string {
  const nouns = [
    ...new Set(commands.filter(({ words, hidden }) => words.length > 1 && hidden !== true).map(({ words }) => words[0] ?? "")),
  ];
  const verbsOf = (noun: string): string =>
    verbs(commands, noun)
      .map(({ words }) => words.slice(1).join(" "))
      .join(", ");
  return [
    "banger: disposable microVMs\n",
    "usage: banger COMMAND [FLAGS]\n",
    "daily:",
    columns(DAILY),
    "\nall, by noun:",
    columns(nouns.map((noun) => [noun, verbsOf(noun)])),
    "\nand:",
    columns(
      commands.flatMap(({ words, summary, hidden }) =>
        words.length > 1 || hidden === true ? [] : [[words[0] ?? "", lowerFirst(summary)]],
      ),
    ),
    `\n${paragraph("banger COMMAND --help shows flags and examples; --json gives every answer as data.")}\n`,
  ].join("\n");
}

/** What `banger vm --help` shows. */
export function helpOfNoun(commands: readonly Command[], noun: string): string {
  const rows = verbs(commands, noun).map(({ words, summary }): [string, string] => [words.join(" "), lowerFirst(summary)]);
  return [
    `usage: banger ${noun} VERB [FLAGS]\n`,
    columns(rows),
    `\n${paragraph(`banger ${noun} VERB --help shows flags and examples.`)}\n`,
  ].join("\n");
}

/** What `banger vm create --help` shows. */
export function helpOfCommand(command: Command): string {
  const parts = [`${command.summary}.`];
  if (command.detail !== undefined) parts.push(paragraph(command.detail));
  parts.push("", `usage: ${usageOf(command)}`);
  if (command.aliases.length > 0) parts.push(`short: ${command.aliases.map((words) => `banger ${words.join(" ")}`).join(", ")}`);
  parts.push(
    "",
    "flags:",
    columns([
      ...flagsOf(command).map(rowOf),
      ...(command.hasJson === false ? [] : [["    --json", command.jsonBrief ?? JSON_BRIEF] as const]),
      ["-h, --help", "show this"],
    ]),
  );
  if (command.examples.length > 0) {
    parts.push("", "examples:", ...command.examples.map(({ command: line, does }) => `  # ${does}\n  ${line}`));
  }
  return `${parts.join("\n")}\n`;
}

/** One line: the words and what they take. */
export function usageOf(command: Command): string {
  const byName = new Map(command.fields.map((field) => [field.name, field]));
  const positional = command.positional.map((name) => {
    const field = byName.get(name);
    const word = `${field?.placeholder ?? name.toUpperCase()}${command.repeat === name ? "..." : ""}`;
    return field?.required === true ? word : `[${word}]`;
  });
  const required = flagsOf(command)
    .filter((field) => field.required)
    .map((field) => `--${field.flag} ${field.placeholder ?? "VALUE"}`);
  const rest =
    command.rest === undefined ? [] : [command.rest.required ? `-- ${command.rest.placeholder}...` : `[-- ${command.rest.placeholder}...]`];
  return ["banger", ...command.words, "[FLAGS]", ...required, ...positional, ...rest].join(" ");
}

function rowOf(field: VerbField): [string, string] {
  const value = field.type === "boolean" ? "" : ` ${field.placeholder ?? "VALUE"}`;
  const short = field.alias === undefined ? "    " : `-${field.alias}, `;
  const choices = field.choices === undefined ? [] : [`one of ${field.choices.join(", ")}`];
  const byDefault = field.default === undefined || field.type === "boolean" ? [] : [`default ${field.default}`];
  const more = [...choices, ...byDefault].join("; ");
  return [`${short}--${field.flag}${value}`, `${field.brief}${more === "" ? "" : ` (${more})`}`];
}

function verbs(commands: readonly Command[], noun: string): readonly Command[] {
  return commands.filter(({ words, hidden }) => words[0] === noun && words.length > 1 && hidden !== true);
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => hang(`  ${left.padEnd(longest)}  `, right, width())).join("\n");
}

function paragraph(text: string): string {
  return wrap(text, width()).join("\n");
}

function width(): number {
  return Math.min(MOST_WIDTH, widthOfOutput());
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
