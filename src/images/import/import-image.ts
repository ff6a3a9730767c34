/** A root file system of this computer, as a tar or a folder -> an image in the store, or a bundle. */
import { join } from "node:path";
import type { Bundles } from "../../catalog/catalog.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { bundleImage } from "../bundle/bundle-image.ts";
import type { ImageBundle, ImportHow } from "../images.ts";
import { makeEmptySeed } from "../oci/empty-seed.ts";
import { describeMerged } from "../oci/describe-merged.ts";
import { baseFile, NO_CONFIG, type ImageManifest } from "../store/image-manifest.ts";
import type { ImageDraft, ImageStore } from "../store/image-store.ts";
import { keepImage } from "../store/keep-image.ts";
import { readRoot } from "./read-root.ts";

export interface ImportParts {
  readonly system: System;
  readonly store: ImageStore;
  /** The path of the program that merges layers. */
  readonly placeLayers: () => Promise<string>;
}

/** What a client has open: its stdin, mostly. */
const OF_A_CLIENT = /^\/proc\/\d+\/fd\/\d+$/;

const shownOf = (from: string): string => (OF_A_CLIENT.test(from) ? "-" : from);

/**
 * Stages: `read`, `store`.
 * @param from absolute: a folder, a file, or a pipe.
 */
export async function importImage(
  parts: ImportParts,
  name: string,
  from: string,
  how: ImportHow,
  context: OperationContext,
): Promise<void> {
  const shown = shownOf(from);
  const what = `cannot import image ${name} from ${shown}`;
  await parts.store.requireFree(name, what);
  await using draft = await parts.store.openDraft(context.operationId);
  const makeManifest = await readInto(parts, draft, { what, again: `banger image import ${name} --from`, from, shown }, how, context);
  await context.stage("store", async () => {
    const manifest = await makeManifest();
    await keepImage(parts.system, draft, name, manifest, context.signal);
  });
}

/**
 * The same, of which nothing stays but the bundle. Stages: `read`, `verify`, `pack`.
 * @param into the folder of the bundle.
 */
export async function importBundle(
  parts: ImportParts & { readonly bundles: Bundles },
  name: string,
  from: string,
  into: string,
  how: ImportHow,
  context: OperationContext,
): Promise<ImageBundle> {
  const shown = shownOf(from);
  const what = `cannot make a bundle of ${shown}`;
  await parts.bundles.requireFolder(into);
  await using draft = await parts.store.openDraft(context.operationId);
  const again = `banger internal make-bundle ${name} --into ${into} --from`;
  const makeManifest = await readInto(parts, draft, { what, again, from, shown }, how, context);
  const manifest = await makeManifest();
  // It was made a moment ago, and is nobody else's.
  const image = { name, folder: draft.folder, manifest, verify: async () => [], requireThere: async () => undefined };
  return await bundleImage(parts, image, into, context);
}

interface Wanted {
  /** How a refusal begins. */
  readonly what: string;
  /** What to type once more, up to the place. */
  readonly again: string;
  readonly from: string;
  readonly shown: string;
}

/** Makes the base of a draft; what comes back makes the manifest of an image with it. */
async function readInto(
  { system, placeLayers }: ImportParts,
  draft: ImageDraft,
  { what, again, from, shown }: Wanted,
  how: ImportHow,
  context: OperationContext,
): Promise<() => Promise<ImageManifest>> {
  const outPath = join(draft.folder, baseFile("erofs"));
  const seedPath = await makeEmptySeed(system, draft.folder, context.signal);
  const wanted = { outPath, seedPath, what, again, from, shown, maxBytes: how.maxBytes };
  const merged = await context.stage("read", async (stage) => readRoot(system, await placeLayers(), wanted, stage, context.signal));
  const origin = { source: "import", arch: "amd64", kernelRef: how.kernelRef ?? null, init: how.init ?? "agent", config: NO_CONFIG };
  return () => describeMerged(system, merged, outPath, what, origin, seedPath);
}
