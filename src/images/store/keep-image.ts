/** The last of every image that is made: what its files are is written beside them, and then it has its name. */
import { join } from "node:path";
import type { System } from "../../system/system.ts";
import { MANIFEST_FILE, type ImageManifest } from "./image-manifest.ts";
import type { ImageDraft } from "./image-store.ts";

export async function keepImage(
  { files }: Pick<System, "files">,
  draft: ImageDraft,
  as: string,
  manifest: ImageManifest,
  signal?: AbortSignal,
  requireReplaceable?: () => void,
): Promise<void> {
  await files.write(join(draft.folder, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`);
  signal?.throwIfAborted();
  await draft.keep(as, requireReplaceable);
}

/** Of a finished file. Syncs it, too: the manifest must not outlive what it describes. */
export async function measurePart(
  { files }: Pick<System, "files">,
  path: string,
): Promise<{ readonly bytes: number; readonly storedBytes: number }> {
  await files.sync(path);
  const info = await files.find(path);
  if (info === undefined) throw new Error(`${path} was just made and is not there`);
  return { bytes: info.bytes, storedBytes: info.allocatedBytes };
}
