/** `image bundle`: an image of the store into one file for others. */
import { join } from "node:path";
import type { BundleFile, Bundles } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { ImageBundle } from "../images.ts";
import { sha256Of } from "../store/checksum.ts";
import { baseFile, WORK_SEED_FILE, type ImageManifest } from "../store/image-manifest.ts";
import { bundleManifest, bundleManifestOf } from "./bundle-manifest.ts";
import { packDisk, type DiskToTravel } from "./pack-disk.ts";

export interface ImageToBundle {
  readonly name: string;
  readonly folder: string;
  readonly manifest: ImageManifest;
  /** What is wrong with the content of its base. Throws when the image is there no more: nothing holds one that is bundled. */
  readonly verify: () => Promise<readonly string[]>;
  readonly requireThere: () => Promise<unknown>;
}

/** Most of a squashfs is compressed already, and a gigabyte would take minutes at the best level. */
const LEVEL = 9;

/** @param into where the bundle goes, under the name that its content gives it. */
export async function bundleImage(
  { system, bundles }: { readonly system: System; readonly bundles: Bundles },
  image: ImageToBundle,
  into: string,
  context: OperationContext,
): Promise<ImageBundle> {
  const { name, folder, manifest } = image;
  const { signal } = context;
  await bundles.requireFolder(into);
  const { sha256, base, workSeed } = await context.stage("verify", async () => {
    try {
      const problems = await image.verify();
      if (problems.length > 0) throw damaged(name, problems);
      const file = baseFile(manifest.base.format);
      return {
        sha256: await sha256Of(system, join(folder, file), manifest.base.checksum, signal),
        base: await packDisk(system, folder, file, true, signal),
        workSeed: manifest.workSeed === null ? undefined : await packDisk(system, folder, WORK_SEED_FILE, false, signal),
      };
    } catch (error) {
      await image.requireThere();
      throw error;
    }
  });
  const text = bundleManifestOf(manifest, name, { sha256, base: base.packed, workSeed: workSeed?.packed ?? null });
  const { distro, arch, kernelRef } = bundleManifest.parse(JSON.parse(text));
  const packed = await bundles.pack(
    { what: `image ${name}`, name, arch, manifest: text, files: filesOf(base, workSeed), level: LEVEL, onFailure: image.requireThere },
    into,
    context,
  );
  return { ...packed, name, distro, arch, kernelRef };
}

function filesOf(...disks: readonly (DiskToTravel | undefined)[]): readonly BundleFile[] {
  return disks.flatMap((disk) => disk?.file ?? []);
}

function damaged(name: string, problems: readonly string[]): BangerError {
  return new BangerError("refused", "image_damaged", `cannot bundle the image ${name}: ${problems.join("; ")}`, {
    hint: `banger image delete ${name}, then get it again`,
  });
}
