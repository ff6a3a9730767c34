/** A line of a guest's log, with its newline, and the place behind it. */
export interface CursorLine {
  readonly text: string;
  readonly cursor: string;
}

/** What a guest prints need not be a log: after so many lines that say nothing nobody looks for more. */
const MOST_EMPTY = 10_000;
const NEWLINE = 10;

/**
 * As many of the first or the last lines of an output as have so many bytes together; where there are lines, one at least. Lines are
 * looked at only until there are enough of them.
 * @param isCut whether the output goes on behind its end: what stands behind its last newline is then no line.
 */
export function takeLines(
  output: Uint8Array,
  parse: (line: string) => CursorLine | undefined,
  mostBytes: number,
  which: "first" | "last",
  isCut: boolean,
): { readonly taken: readonly CursorLine[]; readonly hasMore: boolean } {
  const taken: CursorLine[] = [];
  let bytes = 0;
  let empty = 0;
  for (const line of which === "first" ? linesFrom(output, isCut) : linesBack(output)) {
    const parsed = line === "" ? undefined : parse(line);
    if (parsed === undefined) {
      empty += 1;
      if (empty > MOST_EMPTY) return { taken: inOrder(taken, which), hasMore: false };
      continue;
    }
    bytes += Buffer.byteLength(parsed.text);
    if (taken.length > 0 && bytes > mostBytes) return { taken: inOrder(taken, which), hasMore: true };
    taken.push(parsed);
  }
  return { taken: inOrder(taken, which), hasMore: isCut && taken.length > 0 };
}

function inOrder(taken: readonly CursorLine[], which: "first" | "last"): readonly CursorLine[] {
  return which === "first" ? taken : taken.toReversed();
}

function* linesFrom(output: Uint8Array, isCut: boolean): Generator<string> {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.length);
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    yield bytes.toString("utf8", start, end);
    start = end + 1;
  }
  if (start < bytes.length && !isCut) yield bytes.toString("utf8", start);
}

function* linesBack(output: Uint8Array): Generator<string> {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.length);
  let end = bytes.length;
  while (end > 0) {
    const newline = bytes.lastIndexOf(NEWLINE, end - 1);
    yield bytes.toString("utf8", newline + 1, end);
    end = newline;
  }
}
