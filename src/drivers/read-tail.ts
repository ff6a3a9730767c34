import { text } from "node:stream/consumers";
import type { Files } from "../system/system.ts";

const TAIL_BYTES = 8 * 1024;

/**
 * The end of a log that grows, as it was when it was looked at, from `since` on at the earliest; empty when there is none. Its
 * beginning may be a hole, which is no text.
 */
export async function readTail(files: Files, path: string, since = 0): Promise<string> {
  const info = await files.find(path);
  if (info === undefined || info.kind !== "file" || info.bytes <= since) return "";
  const start = Math.max(since, info.bytes - TAIL_BYTES, await files.firstData(path));
  return start >= info.bytes ? "" : text(files.openRead(path, { start, end: info.bytes - 1 }));
}
