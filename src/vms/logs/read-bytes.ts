/** Logs on the host, by offset. Their bytes are the guest's: text for people, never parsed. */
import type { System } from "../../system/system.ts";

export interface LogBytes {
  readonly bytes: Buffer;
  /** Of the first of `bytes`; more than was asked for when the beginning is gone. */
  readonly offset: number;
  readonly firstOffset: number;
  readonly logEndOffset: number;
}

type Files = System["files"];

const NOTHING: LogBytes = { bytes: Buffer.alloc(0), offset: 0, firstOffset: 0, logEndOffset: 0 };

/** Where a log begins and ends. Both 0 when there is none. */
export async function boundsOf(files: Files, path: string): Promise<Omit<LogBytes, "bytes" | "offset">> {
  const info = await files.find(path);
  if (info?.kind !== "file") return NOTHING;
  return { firstOffset: await files.firstData(path), logEndOffset: info.bytes };
}

/**
 * At most `maxBytes` from `from` on.
 * @param into where the bytes are put, so that a long reading leaves nothing to be collected.
 */
export async function readBytes(files: Files, path: string, from: number, maxBytes: number, into?: Buffer): Promise<LogBytes> {
  for (;;) {
    const before = await boundsOf(files, path);
    // A log that was removed by hand begins anew.
    const start = from > before.logEndOffset ? before.logEndOffset : Math.max(from, before.firstOffset);
    const end = Math.min(before.logEndOffset, start + maxBytes);
    const bytes = start === end ? Buffer.alloc(0) : await files.readRange(path, start, end, into);
    // What was forgotten while it was read, was read as zeros.
    const { firstOffset } = start === end ? before : await boundsOf(files, path);
    if (firstOffset <= start || bytes.length === 0) return { ...before, bytes, offset: start };
  }
}

/** The last `maxBytes` of a log. */
export async function readEnd(files: Files, path: string, maxBytes: number): Promise<LogBytes> {
  const { logEndOffset } = await boundsOf(files, path);
  return readBytes(files, path, Math.max(0, logEndOffset - maxBytes), maxBytes);
}

const TAIL_BYTES = 4096;

/** The last lines of a vm's console, for the data of an error. */
export async function readConsoleTail({ files, layout }: System, vmId: string): Promise<readonly string[]> {
  const { bytes } = await readEnd(files, layout.consoleLog(vmId), TAIL_BYTES);
  return bytes
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "")
    .slice(-20);
}
