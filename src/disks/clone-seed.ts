/** A work disk from a seed: a sparse copy, brought to size before any guest has seen it. */
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { lengthen } from "./lengthen.ts";

const TIMEOUT_MS = 60_000;

/** Leaves nothing at `path` when it fails. */
export async function cloneSeed(system: System, path: string, seedPath: string, bytes: number, signal: AbortSignal): Promise<void> {
  const seed = await system.files.find(seedPath);
  if (seed === undefined)
    throw new BangerError("not_found", "work_seed_missing", `cannot make the work disk ${path}: its seed ${seedPath} is missing`);
  try {
    await system.files.copySparse(seedPath, path, signal);
    if (bytes > seed.bytes) await lengthen(system, path, bytes);
    if (bytes < seed.bytes) await shrink(system, path, bytes, signal);
  } catch (error) {
    await system.files.removeFile(path);
    throw error;
  }
}

/** No guest can shrink a mounted ext4. Allowed here, since the clone is still our own seed and no guest has written to it. */
async function shrink(system: System, path: string, bytes: number, signal: AbortSignal): Promise<void> {
  await system.processes.runOk(["resize2fs", "-f", path, `${bytes / 1024}k`], { timeoutMs: TIMEOUT_MS, signal });
}
