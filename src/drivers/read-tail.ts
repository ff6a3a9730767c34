import { text } from "node:stream/consumers";
import type { Files } from "../system/system.ts";

const TAIL_BYTES = 8 * 1024;

/** The end of a log that grows, from `since` on at the earliest; empty when there is none. Its beginning may be a hole, which is no text. */
export async function readTail(files: Files, path: string, since = 0): Promise<string> {
  const info = await files.find(path);
  if (info === undefined || info.kind !== "file" || info.bytes <= since) return "";
  return text(files.openRead(path, { start: Math.max(since, info.bytes - TAIL_BYTES, await files.firstData(path)) }));
}
