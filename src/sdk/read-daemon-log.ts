import { closeSync, fstatSync, openSync, readSync, watch } from "node:fs";
import { once } from "node:events";
import { dirname } from "node:path";

/** Of the end of a log, looked at for lines. */
const TAIL_BYTES = 4 * 2 ** 20;
/** Of a log that is read whole: it is set aside when it has 8 MiB. */
const WHOLE_BYTES = 16 * 2 ** 20;
/** A line that has no end is told in parts. */
const LINE_MAX_BYTES = 2 ** 20;

/** The end of a log: whole lines, the newest last, and where in the file they end. */
export interface LogTail {
  readonly lines: readonly string[];
  readonly endOffset: number;
}

/** The last `count` lines of a daemon's log, those that were set aside when it grew long counted in; none when there is no log. */
export function readDaemonLog(path: string, count: number): LogTail {
  const mostBytes = count === Infinity ? WHOLE_BYTES : TAIL_BYTES;
  const now = readFrom(path, undefined, mostBytes);
  const lines = now.text.split("\n").slice(0, -1);
  const before = lines.length >= count ? [] : readFrom(`${path}.1`, undefined, mostBytes).text.split("\n").slice(0, -1);
  const all = [...before, ...lines];
  // Up to the last whole line: who goes on from there sees the one that was not whole yet.
  const endOffset = now.endOffset - Buffer.byteLength(now.text.slice(now.text.lastIndexOf("\n") + 1));
  return { lines: all.slice(Math.max(0, all.length - count)), endOffset };
}

/** The lines that are added to a daemon's log behind an offset, as they are; never ends by itself. A log that starts anew is read from its start. */
export async function* followDaemonLog(path: string, fromOffset: number, signal?: AbortSignal): AsyncGenerator<string> {
  // Before the first look, so that what is written in between is seen.
  const watcher = watch(dirname(path));
  try {
    let offset = fromOffset;
    let rest = "";
    for (;;) {
      const changed = once(watcher, "change", signal === undefined ? {} : { signal });
      changed.catch(() => undefined);
      for (let more = readFrom(path, offset); more.text !== ""; more = readFrom(path, offset)) {
        offset = more.endOffset;
        const lines = `${rest}${more.text}`.split("\n");
        rest = lines.pop() ?? "";
        yield* lines;
        if (rest.length <= LINE_MAX_BYTES) continue;
        yield rest;
        rest = "";
      }
      offset = Math.min(offset, readFrom(path, Infinity).endOffset);
      await changed;
    }
  } finally {
    watcher.close();
  }
}

/** Text from an offset on, or of the end; from the start when the file is shorter than that. Empty when there is none. */
function readFrom(path: string, offset: number | undefined, mostBytes = TAIL_BYTES): { readonly text: string; readonly endOffset: number } {
  const descriptor = openOrNothing(path);
  if (descriptor === undefined) return { text: "", endOffset: 0 };
  try {
    const { size } = fstatSync(descriptor);
    if (offset === Infinity) return { text: "", endOffset: size };
    const start = offset === undefined ? Math.max(0, size - mostBytes) : offset > size ? 0 : offset;
    const bytes = Buffer.alloc(Math.min(size - start, mostBytes));
    const taken = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, start));
    return { text: taken.toString("utf8"), endOffset: start + taken.length };
  } finally {
    closeSync(descriptor);
  }
}

function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
