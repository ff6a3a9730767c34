/** An image of a registry, a folder or a saved archive -> an image in the store. */
import { join } from "node:path";
import type { Bundles, OciBundle, OciSources } from "../../catalog/catalog.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { PullHow } from "../images.ts";
import { keepBundle } from "../bundle/pull-bundle.ts";
import { baseFile } from "../store/image-manifest.ts";
import type { ImageStore } from "../store/image-store.ts";
import { keepImage } from "../store/keep-image.ts";
import { describeMerged } from "./describe-merged.ts";
import { makeEmptySeed } from "./empty-seed.ts";
import { mergeLayers } from "./merge-layers.ts";

export interface PullOciParts {
  readonly system: System;
  readonly sources: OciSources;
  readonly bundles: Bundles;
  readonly store: ImageStore;
  /** The path of the program that merges layers. */
  readonly placeLayers: () => Promise<string>;
}

export interface OciWanted {
  /** As it was typed. */
  readonly text: string;
  readonly platform: string | undefined;
  readonly kernelRef: string | undefined;
  readonly built: PullHow["built"];
}

/** Stages: `resolve`, `download`, `merge`, `store`, or of an image that was pushed from here `unpack` instead of `merge`; the first alone when it is there already, by its digest. */
export async function pullOci(parts: PullOciParts, wanted: OciWanted, as: string, context: OperationContext): Promise<void> {
  const { system, sources, store, placeLayers } = parts;
  const what = wanted.built?.cannot ?? `cannot pull image ${wanted.text}`;
  const present = await store.manifest(as);
  // One that is of no registry is never what is asked for.
  const requireFree = async (): Promise<void> => {
    if (wanted.built?.requireReplaceable === undefined) await store.requireFree(as, what);
    else wanted.built.requireReplaceable();
  };
  if (present?.oci === undefined) await requireFree();
  const image = await sources.resolve(wanted.text, { platform: wanted.platform }, context);
  if (present?.oci?.digest === image.digest && present.kernelRef === (wanted.kernelRef ?? present.kernelRef)) return;
  await requireFree();
  // Nobody can ask for the layers of one that was built again, whatever becomes of it.
  await using fetched = new AsyncDisposableStack();
  if (wanted.built !== undefined) fetched.defer(() => sources.forgetLayers(image));
  const paths = await sources.fetchLayers(image, context);
  if (image.kind === "bundle") return await keepPushed(parts, image, paths[0] ?? "", wanted, as, context);

  const program = await placeLayers();
  await using draft = await store.openDraft(context.operationId);
  const outPath = join(draft.folder, baseFile("erofs"));
  const seedPath = await makeEmptySeed(system, draft.folder, context.signal);
  const merged = await context.stage("merge", async (stage) => {
    const layers = image.layers.map(({ compression, digest, diffId }, at) => ({ path: paths[at] ?? "", compression, digest, diffId }));
    const total = image.layers.reduce((sum, { bytes }) => sum + bytes, 0);
    return mergeLayers(system, program, { layers, outPath, seedPath, what }, context.signal, (done) =>
      stage.progress(done, total, "bytes"),
    );
  });
  await context.stage("store", async () => {
    const { reference, digest, platform, config } = image;
    const layers = image.layers.map((layer) => ({ digest: layer.digest, bytes: layer.bytes }));
    const manifest = await describeMerged(
      system,
      merged,
      outPath,
      what,
      {
        source: wanted.built === undefined ? "oci" : "build",
        arch: platform.architecture,
        kernelRef: wanted.kernelRef ?? null,
        init: wanted.built?.init ?? "agent",
        ...(wanted.built === undefined ? { oci: { reference, digest, layers } } : {}),
        config: {
          env: [...config.env],
          workingDir: config.workingDir,
          user: config.user,
          entrypoint: [...config.entrypoint],
          cmd: [...config.cmd],
        },
      },
      seedPath,
    );
    await keepImage(system, draft, as, manifest, context.signal, wanted.built?.requireReplaceable);
  });
}

/** Whoever made it and pushed it has said all of it but where it lies. */
async function keepPushed(
  parts: PullOciParts,
  { reference, digest, layers }: OciBundle,
  path: string,
  { text, kernelRef }: OciWanted,
  as: string,
  context: OperationContext,
): Promise<void> {
  const oci = { reference, digest, layers: [...layers] };
  const origin = { name: text, arch: undefined, kernelRef: undefined, requirements: undefined, oci, ownKernelRef: kernelRef };
  await keepBundle(parts, origin, { path, sha256: layers[0].digest.slice("sha256:".length) }, as, context);
}
