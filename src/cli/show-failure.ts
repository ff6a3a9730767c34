import { EXIT, toErrorShape, type ErrorShape } from "../contract/errors.ts";
import type { Command, Invocation } from "./command.ts";
import type { Environment } from "./environment.ts";
import { escapeLines, escapeText } from "../contract/escape-text.ts";
import { InterruptedError } from "./interrupted.ts";
import { flagsOf } from "./parse-arguments.ts";
import { print } from "./print.ts";
import { printJson } from "./print-json.ts";
import { UsageError } from "./usage-error.ts";

/** The codes of a shell for a program that is not there, and for one that cannot be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** What was asked for, as far as it was understood. */
type Asked = Pick<Invocation, "json"> & Partial<Pick<Invocation, "command" | "given" | "placed">>;

/** Tells what went wrong: one JSON document on stdout when that was asked for, else lines on stderr. Returns the exit code. */
export function showFailure(thrown: unknown, asked: Asked, environment: Environment): number {
  const { command, json } = asked;
  const shape = shapeOf(thrown, asked);
  try {
    if (json && shape.code !== "output_failed") printJson(environment.stdout.descriptor, { error: shape });
    else print(environment.stderr.descriptor, textOf(shape, thrown, environment));
  } catch {
    // Nowhere is left to tell it: the code does.
  }
  return exitCodeOf(thrown, shape, command);
}

/** Kinds decide the code; where the other codes belong to the guest's command, all of ours are 125. */
function exitCodeOf(thrown: unknown, { code, kind }: ErrorShape, command: Command | undefined): number {
  if (thrown instanceof UsageError || code === "invalid_input") return EXIT.usage;
  if (thrown instanceof InterruptedError) return thrown.exitCode;
  if (command?.passesGuestCode === true) {
    if (code === "exec_not_found") return NOT_FOUND;
    if (code === "exec_not_executable") return NOT_EXECUTABLE;
    return EXIT.guestFailure;
  }
  if (kind === "bug") return EXIT.bug;
  return ["daemon_unreachable", "daemon_silent"].includes(code) ? EXIT.daemonUnreachable : EXIT.failed;
}

function shapeOf(thrown: unknown, { command, given = {}, placed = [] }: Asked): ErrorShape {
  if (thrown instanceof UsageError) {
    const hint = thrown.hint ?? (command === undefined ? undefined : `banger ${command.words.join(" ")} --help`);
    return { code: "usage", kind: "invalid", message: thrown.message, ...(hint === undefined ? {} : { hint }) };
  }
  const shape = toErrorShape(thrown);
  if (shape.code !== "invalid_input" || shape.problems === undefined || command === undefined) return shape;
  const problems = shape.problems.map(({ path, message }) =>
    path === "" ? message : `${wordOf(command, given, placed, path)}: ${message}`,
  );
  return { ...shape, message: problems.join("; "), hint: shape.hint ?? `banger ${command.words.join(" ")} --help` };
}

/** What the user typed for a field: its flag, or its place and what stood there. */
function wordOf(command: Command, given: Invocation["given"], placed: readonly string[], path: string): string {
  const name = path.split(".")[0] ?? "";
  const place = command.fields.find((each) => each.name === name)?.placeholder ?? path;
  if (placed.includes(name)) return `${place} \`${String(given[name])}\``;
  const field = flagsOf(command).find((each) => each.name === name);
  if (field !== undefined) return `--${field.flag}`;
  return place;
}

/** Lines below the message: each of several problems, and the last that a guest wrote on its console. */
function detailsOf({ message, problems = [], data }: ErrorShape): readonly string[] {
  const untold = problems.filter((problem) => !message.includes(problem.message));
  const console = data?.["consoleTail"];
  const tail = Array.isArray(console) ? console.map(String) : [];
  return [
    ...untold.map((problem) => `- ${problem.message}${problem.hint === undefined ? "" : `; try: ${problem.hint}`}`),
    ...(tail.length === 0 ? [] : ["the last lines on its console:", ...tail.map((line) => `| ${line}`)]),
  ];
}

function textOf(shape: ErrorShape, thrown: unknown, { stderr, hasColour }: Environment): string {
  const label = hasColour && stderr.isTerminal ? "\x1b[31merror:\x1b[39m" : "error:";
  const lines = [`${label} ${escapeLines(shape.message)}`, ...detailsOf(shape).map((line) => `  ${escapeText(line)}`)];
  if (shape.hint !== undefined) lines.push(`${shape.hint.startsWith("did you mean") ? "" : "try: "}${escapeLines(shape.hint)}`);
  if (shape.kind === "bug" && thrown instanceof Error && thrown.stack !== undefined) lines.push(escapeLines(thrown.stack));
  return `${lines.join("\n")}\n`;
}
