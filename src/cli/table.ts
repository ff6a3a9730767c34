import { escapeText } from "../contract/escape-text.ts";
import { widthOfOutput } from "./print.ts";
import { hang, LEAST_WIDTH } from "./wrap.ts";

const PLAIN = /^[\x20-\x7e]*$/;
const GAP = "  ";

/**
 * Rows as aligned columns under a heading. Every cell is escaped here: guests and strangers choose some of the text. Where the terminal is
 * too narrow, the last column goes on below itself; where that is not enough, each row becomes a block of names and values.
 * @param width in columns; that of the terminal when left out, and without end where there is none.
 */
export async function table(heading: readonly string[], rows: readonly (readonly string[])[], width = widthOfOutput()): Promise<string> {
  const lines = [heading, ...rows].map((row) => row.map(escapeText));
  // Most tables hold nothing but ASCII, and need no table of widths.
  const isPlain = lines.every((row) => row.every((cell) => PLAIN.test(cell)));
  const lengthOf = isPlain ? (cell: string) => cell.length : (await import("string-width")).default;
  const lengths = heading.map((_, column) => Math.max(...lines.map((row) => lengthOf(row[column] ?? ""))));
  const before = lengths.slice(0, -1).reduce((sum, length) => sum + length + GAP.length, 0);
  const isNarrow = before + (lengths.at(-1) ?? 0) > width;
  if (isNarrow && width - before < LEAST_WIDTH) return blocks(heading, rows, width);
  const pad = (cell: string, column: number): string => cell + " ".repeat((lengths[column] ?? 0) - lengthOf(cell));
  if (!isNarrow) return lines.map((row) => `${row.map(pad).join(GAP).trimEnd()}\n`).join("");
  return lines
    .map(
      (row) =>
        `${hang(
          row
            .slice(0, -1)
            .map((cell, column) => `${pad(cell, column)}${GAP}`)
            .join(""),
          row.at(-1) ?? "",
          width,
        )}\n`,
    )
    .join("");
}

function blocks(heading: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  return rows
    .map((row) =>
      pairs(
        row.map((cell, column) => [heading[column] ?? "", cell]),
        width,
      ),
    )
    .join("\n");
}

/** Names and values, one pair a line; a value that is too long for the terminal goes on below itself. Values are escaped. */
export function pairs(rows: readonly (readonly [string, string | undefined])[], width = widthOfOutput()): string {
  const known = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  const length = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${hang(`${name.padEnd(length)}${GAP}`, escapeText(value), width)}\n`).join("");
}
