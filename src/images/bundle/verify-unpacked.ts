/** Whether what a bundle became is the image that it says it is. */
import { join } from "node:path";
import { parseBundleManifest, requireBundleFiles, TAR_MAX_BYTES, type Fail, type UnpackedBundle } from "../../catalog/catalog.ts";
import type { System } from "../../system/system.ts";
import { BASE_FORMATS, baseFile, WORK_SEED_FILE, type BaseFormat } from "../store/image-manifest.ts";
import { bundleManifest, type BundleManifest } from "./bundle-manifest.ts";
import { packedName, unpackDisk } from "./pack-disk.ts";

const BASES = BASE_FORMATS.map(baseFile);
/** What an image's bundle may have beside its manifest. */
export const BUNDLE_FILES = [...BASES, ...BASES.map(packedName), packedName(WORK_SEED_FILE)].map((name) => ({
  name,
  maxBytes: TAR_MAX_BYTES,
}));

/** Where each file system says what it is, and how. */
const MAGIC: Readonly<Record<BaseFormat | "ext4", { readonly at: number; readonly hex: string }>> = {
  squashfs: { at: 0, hex: "68737173" },
  erofs: { at: 1024, hex: "e2e1f5e0" },
  ext4: { at: 1080, hex: "53ef" },
};

/**
 * Its disks lie in the folder afterwards as a store has them.
 * @param folder that it was unpacked into. @param fail words why it is no good.
 */
export async function verifyUnpacked(
  system: System,
  folder: string,
  unpacked: UnpackedBundle,
  fail: Fail,
  signal: AbortSignal,
): Promise<BundleManifest> {
  const said = parseBundleManifest(bundleManifest, unpacked.manifest, fail);
  const { base, workSeed } = said;
  const file = baseFile(base.format);
  requireBundleFiles(
    unpacked,
    [
      base.packed === null ? [file, base] : [packedName(file), base.packed],
      ...(workSeed === null ? [] : [[packedName(WORK_SEED_FILE), workSeed.packed] as const]),
    ],
    fail,
  );
  await unpackDisk(system, folder, file, base, signal);
  await requireMagic(system, folder, file, base.format, fail);
  // A base that was packed was verified by its data alone; what it is in the store, its own digest says.
  if (base.packed !== null && (await system.files.sha256(join(folder, file), signal)) !== base.sha256)
    return fail(`has another ${file} than its manifest.json says`);
  if (workSeed !== null) {
    await unpackDisk(system, folder, WORK_SEED_FILE, workSeed, signal);
    await requireMagic(system, folder, WORK_SEED_FILE, "ext4", fail);
  }
  return said;
}

/** Which says no more than that whoever made it did not mix up files: a guest's kernel looks into it, and no program of the host. */
async function requireMagic({ files }: System, folder: string, file: string, format: keyof typeof MAGIC, fail: Fail): Promise<void> {
  const { at, hex } = MAGIC[format];
  const found = await files.readRange(join(folder, file), at, at + hex.length / 2);
  if (found.toString("hex") !== hex) fail(`has a ${file} that is no ${format}`);
}
