/** A work disk from a seed: a sparse copy, brought to size before any guest has seen it. */
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { isTooBig, tooBigForHost } from "./make-blank.ts";

const TIMEOUT_MS = 60_000;

/** Leaves nothing at `path` when it fails. */
export async function cloneSeed(system: System, path: string, seedPath: string, bytes: number, signal: AbortSignal): Promise<void> {
  const seed = await system.files.find(seedPath);
  if (seed === undefined)
    throw new BangerError("not_found", "work_seed_missing", `cannot make the work disk ${path}: its seed ${seedPath} is missing`);
  try {
    await system.files.copySparse(seedPath, path, signal);
    if (bytes > seed.bytes) await grow(system, path, bytes);
    if (bytes < seed.bytes) await shrink(system, path, bytes, signal);
  } catch (error) {
    await system.files.removeFile(path);
    throw error;
  }
}

/** The guest grows the file system inside: it does so while mounted, in a few milliseconds for each 10 GiB. */
async function grow(system: System, path: string, bytes: number): Promise<void> {
  try {
    await system.files.grow(path, bytes);
  } catch (error) {
    throw isTooBig(error) ? tooBigForHost(path, bytes, error) : error;
  }
}

/** No guest can shrink a mounted ext4. Allowed here, since the clone is still our own seed and no guest has written to it. */
async function shrink(system: System, path: string, bytes: number, signal: AbortSignal): Promise<void> {
  await system.processes.runOk(["resize2fs", "-f", path, `${bytes / 1024}k`], { timeoutMs: TIMEOUT_MS, signal });
}
