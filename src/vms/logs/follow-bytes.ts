import type { Files } from "../../system/system.ts";
import { readBytes, type LogBytes } from "./read-bytes.ts";

/** What a follower of logs needs to know of a vm. */
export interface LoggedVm {
  readonly id: string;
  readonly record: { readonly name: string };
  /** Why its logs do not grow any more; undefined while they may. */
  readonly ended: string | undefined;
  /** Resolves when the vm changes. */
  readonly moved: Promise<void>;
}

export interface FollowedBytes extends LogBytes {
  /** Whether the vm has stopped and nothing will follow. */
  readonly isLast: boolean;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of a log from an offset on, as they come; ends with the vm's run. The last part may be empty. The bytes of a part are good
 * until the next is asked for.
 */
export async function* followBytes(
  vm: LoggedVm,
  path: string,
  from: number,
  files: Files,
  signal: AbortSignal,
): AsyncGenerator<FollowedBytes> {
  const over = new AbortController();
  const news = files.watch(path, AbortSignal.any([signal, over.signal]))[Symbol.asyncIterator]();
  let changed = news.next();
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (let next = from; ;) {
      signal.throwIfAborted();
      // In this order: what was written before it ended is there to be read afterwards.
      const { moved, ended } = vm;
      const read = await readBytes(files, path, next, CHUNK_BYTES, buffer);
      next = read.offset + read.bytes.length;
      const isLast = ended !== undefined && next >= read.logEndOffset;
      if (read.bytes.length > 0 || isLast) yield { ...read, isLast };
      if (isLast) return;
      if (read.bytes.length > 0) continue;
      const woken = await Promise.race([changed.then(() => "changed"), moved.then(() => "moved")]);
      if (woken === "changed") changed = news.next();
    }
  } finally {
    over.abort();
  }
}
