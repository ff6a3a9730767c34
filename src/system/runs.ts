/**
 * The data of a sparse file: where there is something other than zeros, by content and not by where the filesystem has made holes, so that
 * two copies of one content have the same runs; and a file made of such runs again.
 */
import * as fs from "node:fs/promises";
import { findData } from "./native.ts";
import { removeFile } from "./remove-file.ts";
import type { Run } from "./system.ts";

const BLOCK_BYTES = 4096;
const CHUNK_BYTES = 256 * BLOCK_BYTES;
/** Zeros shorter than this are no gap: a run more costs more than they do. */
const GAP_BYTES = 16 * BLOCK_BYTES;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

export async function findRuns(path: string, most: number, signal?: AbortSignal): Promise<readonly Run[]> {
  await using file = await fs.open(path, "r");
  const { size } = await file.stat();
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let runs: Run[] = [];
  let gapBytes = GAP_BYTES;
  const note = (start: number, end: number): void => {
    append(runs, [start, end - start], gapBytes);
    while (runs.length > 2 * most) [runs, gapBytes] = coarser(runs, gapBytes);
  };
  for (let data = findData(file.fd, 0); data !== undefined; data = findData(file.fd, data.end)) {
    // A hole may begin and end within a block of ours.
    for (let at = data.start - (data.start % BLOCK_BYTES); at < data.end;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      noteBlocks(buffer.subarray(0, bytesRead), at, note);
      at += bytesRead;
    }
  }
  while (runs.length > most) [runs, gapBytes] = coarser(runs, gapBytes);
  return runs.map(([start, bytes]) => [start, Math.min(bytes, size - start)]);
}

function noteBlocks(chunk: Buffer, at: number, note: (start: number, end: number) => void): void {
  if (chunk.equals(ZEROS.subarray(0, chunk.length))) return;
  for (let from = 0; from < chunk.length; from += BLOCK_BYTES) {
    const block = chunk.subarray(from, from + BLOCK_BYTES);
    if (!block.equals(ZEROS.subarray(0, block.length))) note(at + from, at + from + BLOCK_BYTES);
  }
}

/** What was read twice, at a hole within a block, is the same run. */
function append(runs: Run[], [start, bytes]: Run, gapBytes: number): void {
  const last = runs.at(-1);
  if (last === undefined || start - (last[0] + last[1]) >= gapBytes) runs.push([start, bytes]);
  else runs[runs.length - 1] = [last[0], Math.max(last[1], start + bytes - last[0])];
}

/** By gaps twice as long: what comes of it depends on the content alone, whenever it is done. */
function coarser(runs: readonly Run[], gapBytes: number): [Run[], number] {
  const joined: Run[] = [];
  for (const run of runs) append(joined, run, 2 * gapBytes);
  return [joined, 2 * gapBytes];
}

/** Makes `to`, of `bytes` bytes, from `from`, which has its runs one after the other. Leaves nothing when it fails. */
export async function spread(from: string, to: string, bytes: number, runs: readonly Run[], signal?: AbortSignal): Promise<void> {
  await using source = await fs.open(from, "r");
  await using target = await fs.open(to, "wx", 0o600);
  try {
    await target.truncate(bytes);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let taken = 0;
    for (const [start, length] of runs) {
      for (let done = 0; done < length;) {
        signal?.throwIfAborted();
        const { bytesRead } = await source.read(buffer, 0, Math.min(CHUNK_BYTES, length - done), taken);
        if (bytesRead === 0) throw new Error(`${from} ends at ${taken}, before the runs that it is to have`);
        await writeAll(target, buffer.subarray(0, bytesRead), start + done);
        done += bytesRead;
        taken += bytesRead;
      }
    }
    await target.sync();
  } catch (error) {
    await removeFile(to);
    throw error;
  }
}

/** A disk that fills up takes a part without an error, and only the next write says why. */
export async function writeAll(target: fs.FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
