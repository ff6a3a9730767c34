import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import { DEFAULT_WORK_BYTES, makeBlank } from "../../disks/disks.ts";
import type { System } from "../../system/system.ts";
import { WORK_SEED_FILE } from "../store/image-manifest.ts";

/**
 * An empty ext4 in a draft, for the merging program to put root's home into. Undefined where none can be made: then guests fill their work disks
 * themselves, and whoever makes one of the image is told what is missing. Throws `unavailable` `disk_full`.
 */
export async function makeEmptySeed(system: System, folder: string, signal: AbortSignal): Promise<string | undefined> {
  const path = join(folder, WORK_SEED_FILE);
  try {
    await makeBlank(system, path, DEFAULT_WORK_BYTES, signal);
    return path;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BangerError && error.code === "disk_full") throw error;
    system.log.warn("cannot make a work seed", { error });
    return undefined;
  }
}
