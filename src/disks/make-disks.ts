/** The room's factory. */
import { dirname } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { Leases } from "../operations/operations.ts";
import type { FileInfo, System } from "../system/system.ts";
import { makeBlankPool } from "./blank-pool.ts";
import { cloneSeed } from "./clone-seed.ts";
import { requireDiskSize } from "./disk-size.ts";
import { DEFAULT_LAYER_BYTES, type Disks } from "./disks.ts";
import { lengthen } from "./lengthen.ts";
import { mke2fsProbe } from "./mke2fs-probe.ts";
import { makeBlank } from "./make-blank.ts";

export interface DisksDependencies {
  readonly system: System;
  /** Drafts are also found by their names, so a bench may do without. */
  readonly leases?: Leases;
  /** How many blanks are kept ready; each takes less than 1 MiB. */
  readonly poolCount?: number;
  readonly poolBytes?: number;
}

const POOL_COUNT = 4;

export function makeDisks({ system, leases, poolCount = POOL_COUNT, poolBytes = DEFAULT_LAYER_BYTES }: DisksDependencies): Disks {
  const pool = makeBlankPool(system, leases, { bytes: poolBytes, count: poolCount });
  return {
    openLayer: async (path, wanted, signal) => {
      const bytes = requireDiskSize("a layer", wanted);
      signal.throwIfAborted();
      await requireFree(system, path);
      if (await pool.claim(path, bytes)) return { fromPool: true };
      await makeBlank(system, path, bytes, signal);
      await settle(system, path);
      return { fromPool: false };
    },
    openWorkDisk: async (path, seedPath, wanted, signal) => {
      const bytes = requireDiskSize("a work disk", wanted);
      signal.throwIfAborted();
      await requireFree(system, path);
      if (seedPath === undefined) await makeBlank(system, path, bytes, signal);
      else await cloneSeed(system, path, seedPath, bytes, signal);
      await settle(system, path);
    },
    copy: async (from, path, signal) => {
      await requireFree(system, path);
      try {
        await system.files.copySparse(from, path, signal);
      } catch (error) {
        await system.files.removeFile(path);
        throw error;
      }
      await settle(system, path);
    },
    lengthen: async (path, bytes) => {
      if ((await measure(system, path)).bytes < bytes) await lengthen(system, path, bytes);
    },
    bytes: async (path) => (await measure(system, path)).bytes,
    allocatedBytes: async (path) => (await measure(system, path)).allocatedBytes,
    refill: (signal) => pool.refill(signal),
    probes: () => [mke2fsProbe(system)],
    reconcile: () => pool.reconcile(),
  };
}

/** The vm's row will say that the disk is made, and is itself safe from a loss of power. Takes two milliseconds for a clone. */
async function settle({ files }: System, path: string): Promise<void> {
  await files.sync(path);
  await files.sync(dirname(path));
}

async function measure(system: System, path: string): Promise<FileInfo> {
  const info = await system.files.find(path);
  if (info === undefined) throw new BangerError("not_found", "disk_missing", `cannot measure the disk ${path}: it is missing`);
  return info;
}

/** A rename would replace a disk that is there. */
async function requireFree(system: System, path: string): Promise<void> {
  if ((await system.files.find(path)) === undefined) return;
  throw new BangerError("exists", "disk_exists", `cannot make the disk ${path}: there is one already`);
}
