/** A line of a guest's log, with its newline, and the place behind it. */
export interface CursorLine {
  readonly text: string;
  readonly cursor: string;
}

/** As many of the first or the last lines as have so many bytes together; where there are lines, one at least. */
export function takeLines(
  lines: readonly CursorLine[],
  mostBytes: number,
  which: "first" | "last",
): { readonly taken: readonly CursorLine[]; readonly isCut: boolean } {
  const ordered = which === "first" ? lines : lines.toReversed();
  let bytes = 0;
  let count = 0;
  for (const { text } of ordered) {
    bytes += Buffer.byteLength(text);
    if (count > 0 && bytes > mostBytes) break;
    count += 1;
  }
  const taken = which === "first" ? lines.slice(0, count) : lines.slice(lines.length - count);
  return { taken, isCut: count < lines.length };
}
