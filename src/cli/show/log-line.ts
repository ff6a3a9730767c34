import { escapeLines, escapeText } from "../../contract/escape-text.ts";

/** One line of the daemon's log for people: when, how grave, what, and what belongs to it. What is no entry is shown as it is, escaped. */
export function showLogLine(line: string): string {
  const entry = parseEntry(line);
  if (entry === undefined) return `${escapeText(line)}\n`;
  const { at, level, message, ...fields } = entry;
  const short = Object.entries(fields).filter(([, value]) => !isLong(value));
  const long = Object.entries(fields).flatMap(([name, value]) => (isLong(value) ? [`${escapeText(name)}:\n${value}`] : []));
  const head = [`${textOf(at)} ${textOf(level).padEnd(5)} ${textOf(message)}`, ...short.map(([name, value]) => `${name}=${textOf(value)}`)];
  const below = long.map((text) => escapeLines(text).trimEnd().replaceAll(/^/gm, "    "));
  return `${[head.map(escapeText).join("  "), ...below].join("\n")}\n`;
}

/** The entry of a line; undefined when it is none, as what the runtime says when it crashes. */
export function parseEntry(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Then it is text.
    return undefined;
  }
}

/** Whether it needs lines of its own: the trace of an error. */
function isLong(value: unknown): value is string {
  return typeof value === "string" && value.includes("\n");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
