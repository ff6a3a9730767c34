/**
 * Copies a file without its holes: shares blocks by FICLONE where the filesystem can, else copies the runs of data that the
 * filesystem names. A file of 20 GiB that holds 5 MiB costs 5 MiB.
 */
import * as fs from "node:fs/promises";
import { cloneFile, findData } from "./native.ts";
import { removeFile } from "./remove-file.ts";
import { writeAll } from "./runs.ts";

const CHUNK_BYTES = 1024 * 1024;

/** What of a file is meant, in bytes; the end is not in it. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export async function copySparse(from: string, to: string, signal?: AbortSignal, part?: Range): Promise<void> {
  await using source = await fs.open(from, "r");
  await using target = await fs.open(to, "wx", 0o600);
  try {
    const { size } = await source.stat();
    const { start, end } = part ?? { start: 0, end: size };
    if (end > size) throw new Error(`the file that is being copied has ${size} bytes, not ${end}`);
    if (start === 0 && end === size && cloneFile(source.fd, target.fd)) return;
    await target.truncate(end - start);
    let run = findData(source.fd, start);
    while (run !== undefined && run.start < end) {
      await copyRun(source, target, { start: run.start, end: Math.min(run.end, end) }, start, signal);
      run = findData(source.fd, run.end);
    }
  } catch (error) {
    await removeFile(to);
    throw error;
  }
}

async function copyRun(
  source: fs.FileHandle,
  target: fs.FileHandle,
  run: Range,
  /** What is the beginning of the copy. */
  origin: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, run.end - run.start));
  for (let at = run.start; at < run.end;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, run.end - at), at);
    if (bytesRead === 0) throw new Error(`the file that is being copied ended at ${at}, before the ${run.end} bytes that it had`);
    await writeAll(target, buffer.subarray(0, bytesRead), at - origin);
    at += bytesRead;
  }
}
