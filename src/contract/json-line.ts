import { escapeJson } from "./escape-text.ts";

/** One line of JSON, the newline too, with nothing in it that a terminal would not show as it is. It parses to the same value. */
export function jsonLine(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  return `${escapeJson(value, replacer)}\n`;
}
