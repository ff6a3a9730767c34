/** Where the files are in a tar that lies here: only its headers are read, and nothing of it is unpacked. */
import type { Files } from "../../system/system.ts";
import { parseTarHeader, TAR_BLOCK_BYTES } from "../unpack/tar-header.ts";

export interface Member {
  readonly offset: number;
  readonly bytes: number;
}

const MAX_MEMBERS = 10_000;
const LONG_NAME_MAX_BYTES = 4096;
const PAX_MAX_BYTES = 64 * 1024;
/** Of a pax header that says one of these, two readers could see two archives. */
const PAX_THAT_MATTERS = /^\d+ (?:path|size|linkpath|GNU\.)/m;

/** By their names. Throws `Error` on what is no such archive. */
export async function listMembers(
  files: Files,
  path: string,
  totalBytes: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Member>> {
  const found = new Map<string, Member>();
  let longName: string | undefined;
  let count = 0;
  for (let at = 0; at + TAR_BLOCK_BYTES <= totalBytes;) {
    signal.throwIfAborted();
    const block = await files.readRange(path, at, at + TAR_BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) return found;
    if (++count > MAX_MEMBERS) throw new Error(`it has more than ${MAX_MEMBERS} entries`);
    const { name, bytes, type } = parseTarHeader(block);
    const offset = at + TAR_BLOCK_BYTES;
    if (offset + bytes > totalBytes) throw new Error("it ends too early");
    at = offset + Math.ceil(bytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
    if (type === "L") {
      if (bytes > LONG_NAME_MAX_BYTES) throw new Error("it has a name that is too long");
      longName = (await files.readRange(path, offset, offset + bytes)).toString().replace(/\0.*$/s, "");
      continue;
    }
    if (type === "x" || type === "g") {
      const text = bytes > PAX_MAX_BYTES ? undefined : (await files.readRange(path, offset, offset + bytes)).toString();
      if (text === undefined || PAX_THAT_MATTERS.test(text)) throw new Error("it has a pax header that changes what is in it");
      continue;
    }
    const called = (longName ?? name).replace(/^\.\//, "");
    longName = undefined;
    if (type !== "0" && type !== "\0") continue;
    if (found.has(called)) throw new Error(`it has ${JSON.stringify(called.slice(0, 200))} twice`);
    found.set(called, { offset, bytes });
  }
  throw new Error("it ends too early");
}
