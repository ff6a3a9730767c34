/** The root of a guest, as the archive that the guest gives of it -> an image in the store. */
import { join } from "node:path";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { GuestRoot } from "../images.ts";
import { describeMerged } from "../oci/describe-merged.ts";
import { mergeLayers } from "../oci/merge-layers.ts";
import { baseFile, WORK_SEED_FILE, type ImageManifest } from "../store/image-manifest.ts";
import type { ImageStore } from "../store/image-store.ts";
import { keepImage, measurePart } from "../store/keep-image.ts";

export interface KeepRootParts {
  readonly system: System;
  readonly store: ImageStore;
  /** The path of the program that merges layers. */
  readonly placeLayers: () => Promise<string>;
}

/** Stages: `export`, those of whoever gives the work disk, `store`. */
export async function keepRoot(parts: KeepRootParts, root: GuestRoot, as: string, context: OperationContext): Promise<void> {
  const { system, store, placeLayers } = parts;
  const what = `cannot make image ${as}`;
  if (root.requireReplaceable === undefined) await store.requireFree(as, what);
  else root.requireReplaceable();
  const { config, requirements, packages, suite, arch } = await store.whole(root.like, "use");
  const program = await placeLayers();
  await using draft = await store.openDraft(context.operationId);
  const outPath = join(draft.folder, baseFile("erofs"));
  const seedPath = join(draft.folder, WORK_SEED_FILE);
  const merged = await context.stage("export", async (stage) => {
    const layers = [{ stream: await root.open(context.signal) }];
    const found = await mergeLayers(system, program, { layers, outPath, what, hints: HINTS }, context.signal, (done) =>
      stage.progress(done, undefined, "bytes"),
    );
    stage.note(`${found.entries} files and folders`);
    return found;
  });
  await root.giveWorkDisk(seedPath);
  await context.stage("store", async () => {
    const { source, kernelRef, init, env, build } = root;
    const described = await describeMerged(system, merged, outPath, what, { source, arch, kernelRef, init, config });
    const manifest: ImageManifest = {
      ...described,
      suite,
      packages,
      requirements,
      workSeed: { ...(await measurePart(system, seedPath)), writer: "guest" },
      config: { ...config, env: [...config.env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)] },
      ...(build === undefined ? {} : { build }),
    };
    await keepImage(system, draft, as, manifest, context.signal, root.requireReplaceable);
  });
}

const HINTS = {
  damaged_layer: "the guest gave what is no archive: banger logs of it, or the same again",
  layer_too_large: "less in it; banger exec NAME -- du -x / shows where it is",
};
