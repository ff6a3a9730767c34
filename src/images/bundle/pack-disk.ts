/** Disks on their way into a bundle and out of it. They are sparse, of 20 GiB mostly: what travels is what is in them. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { partsOf, type BundleFile } from "../../catalog/catalog.ts";
import type { System } from "../../system/system.ts";
import { MOST_RUNS, type PackedDisk } from "./bundle-manifest.ts";

export interface DiskToTravel {
  /** Null of one that travels as it is. */
  readonly packed: PackedDisk | null;
  readonly file: BundleFile;
}

/** A packed disk's name in a bundle. */
export function packedName(file: string): string {
  return `${file}.data`;
}

/** @param mayBeWhole whether it travels as it is where it has no gap. */
export async function packDisk(
  system: System,
  folder: string,
  file: string,
  mayBeWhole: boolean,
  signal: AbortSignal,
): Promise<DiskToTravel> {
  const path = join(folder, file);
  const runs = await system.files.findRuns(path, MOST_RUNS, signal);
  const bytes = runs.reduce((sum, [, each]) => sum + each, 0);
  if (mayBeWhole && bytes === (await system.files.find(path))?.bytes) return { packed: null, file: { name: file, path } };
  const hash = createHash("sha256");
  for await (const part of partsOf(system, { path, runs })) {
    signal.throwIfAborted();
    hash.update(part);
  }
  const copy = runs.map(([start, each]): [number, number] => [start, each]);
  return { packed: { sha256: hash.digest("hex"), bytes, runs: copy }, file: { name: packedName(file), path, runs } };
}

/** Puts a disk into a folder that its bundle was unpacked into; what it came as is gone then. */
export async function unpackDisk(
  { files }: System,
  folder: string,
  file: string,
  { bytes, packed }: { readonly bytes: number; readonly packed: PackedDisk | null },
  signal: AbortSignal,
): Promise<void> {
  if (packed === null) return;
  const data = join(folder, packedName(file));
  await files.spread(data, join(folder, file), bytes, packed.runs, signal);
  await files.removeFile(data);
}
