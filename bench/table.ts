/** The table that `npm run bench` prints. */
import { formatBytes } from "../src/cli/format.ts";
import type { Row, Side } from "./measure.ts";

const HEAD = ["row", "operation", "ours", "other", "ratio", "target", "", "spread", "runs"];

export function formatTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells({ row, operation, ours, other, ratio, target, spread }: Row): string[] {
  return [
    `${row}`,
    operation,
    `${ours.what} ${valueOf(ours)}`,
    `${other.what} ${valueOf(other)}`,
    ratio.toFixed(3),
    `<= ${target}`,
    ratio <= target ? "met" : "MISSED",
    `${Math.round(spread * 100)} %`,
    `${ours.runs}`,
  ];
}

function valueOf({ median, unit }: Side): string {
  switch (unit) {
    case "ms":
      return milliseconds(median);
    case "bytes":
      return formatBytes(median);
    case "per s":
      return `${median.toFixed(1)} a second`;
  }
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
