/**
 * Copies a file without its holes: shares blocks by FICLONE where the filesystem can, else copies the runs of data that the
 * filesystem names. A file of 20 GiB that holds 5 MiB costs 5 MiB.
 */
import * as fs from "node:fs/promises";
import { cloneFile, findData } from "./native.ts";
import { removeFile } from "./remove-file.ts";
import { writeAll } from "./runs.ts";

const CHUNK_BYTES = 1024 * 1024;

export async function copySparse(from: string, to: string, signal?: AbortSignal): Promise<void> {
  await using source = await fs.open(from, "r");
  await using target = await fs.open(to, "wx", 0o600);
  if (cloneFile(source.fd, target.fd)) return;
  try {
    const { size } = await source.stat();
    await target.truncate(size);
    let run = findData(source.fd, 0);
    while (run !== undefined) {
      await copyRun(source, target, run, signal);
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
  run: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, run.end - run.start));
  for (let at = run.start; at < run.end;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, run.end - at), at);
    if (bytesRead === 0) throw new Error(`the file that is being copied ended at ${at}, before the ${run.end} bytes that it had`);
    await writeAll(target, buffer.subarray(0, bytesRead), at);
    at += bytesRead;
  }
}
