import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { ImageManifest } from "../store/image-manifest.ts";
import { measurePart } from "../store/keep-image.ts";
import type { Merged } from "./merge-layers.ts";

/** What an image of a base that was merged is, beside what the base says itself. */
export type MergedOrigin = Pick<ImageManifest, "source" | "arch" | "kernelRef" | "init" | "config"> & Partial<Pick<ImageManifest, "oci">>;

/** The manifest of an image whose base lies at `outPath`, on the disk. Throws `unavailable` `program_failed` when that is not what was announced. */
export async function describeMerged(
  system: System,
  merged: Merged,
  outPath: string,
  what: string,
  origin: MergedOrigin,
  seedPath?: string,
): Promise<ImageManifest> {
  const info = await system.files.find(outPath);
  if (info?.kind !== "file" || info.bytes !== merged.bytes)
    throw new BangerError(
      "unavailable",
      "program_failed",
      `${what}: its base is not the file of ${merged.bytes} bytes that was announced`,
      {
        hint: "try again; banger doctor",
      },
    );
  // The manifest must not outlive what it describes.
  await system.files.sync(outPath);
  return {
    format: 1,
    distro: distroOf(merged),
    suite: null,
    packages: [],
    requirements: [],
    createdAt: system.clock.nowMs(),
    base: { bytes: info.bytes, storedBytes: info.allocatedBytes, checksum: merged.checksum, format: "erofs" },
    workSeed: await seedOf(system, merged, seedPath),
    ...origin,
  };
}

/** As a name of a distribution may have. */
const MOST_CHARACTERS = 64;

/** One that has nothing in it is removed. */
async function seedOf(system: System, { hasSeed }: Merged, path: string | undefined): Promise<ImageManifest["workSeed"]> {
  if (path === undefined) return null;
  if (hasSeed) return { ...(await measurePart(system, path)), writer: "host" };
  await system.files.removeFile(path);
  return null;
}

/** `debian-bookworm`, `alpine-3.20.1`. */
function distroOf({ release }: Merged): string | null {
  if (release === null) return null;
  const version = release.codename ?? release.version;
  return version === null ? release.id : `${release.id}-${version}`.slice(0, MOST_CHARACTERS);
}
