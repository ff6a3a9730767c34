import { escapeText } from "../contract/escape-text.ts";

const PLAIN = /^[\x20-\x7e]*$/;

/** Rows as aligned columns under a heading. Every cell is escaped here: guests and strangers choose some of the text. */
export async function table(heading: readonly string[], rows: readonly (readonly string[])[]): Promise<string> {
  const lines = [heading, ...rows].map((row) => row.map(escapeText));
  // Most tables hold nothing but ASCII, and need no table of widths.
  const isPlain = lines.every((row) => row.every((cell) => PLAIN.test(cell)));
  const widthOf = isPlain ? (cell: string) => cell.length : (await import("string-width")).default;
  const widths = heading.map((_, column) => Math.max(...lines.map((row) => widthOf(row[column] ?? ""))));
  const pad = (cell: string, column: number): string => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell));
  return lines.map((row) => `${row.map(pad).join("  ").trimEnd()}\n`).join("");
}

/** Names and values, one pair a line. Values are escaped. */
export function pairs(rows: readonly (readonly [string, string | undefined])[]): string {
  const known = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${escapeText(value)}\n`).join("");
}
