/** Parts into a file, to the end of it: also after a failure nothing is written any more when this returns. */
import { once } from "node:events";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

export async function writeThrough(parts: AsyncIterable<Uint8Array>, file: Writable, signal: AbortSignal): Promise<void> {
  const closed = once(file, "close");
  // Whoever waits below learns of a failure by `pipeline`.
  closed.catch(() => undefined);
  try {
    await pipeline(parts, file, { signal });
  } finally {
    if (!file.closed) await closed.catch(() => undefined);
  }
}
