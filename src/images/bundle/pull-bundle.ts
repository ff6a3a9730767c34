/** An image's bundle, of a catalog or a registry -> an image in the store. */
import { join } from "node:path";
import type { BundleAddress, Bundles, OfferOf } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { baseFile, WORK_SEED_FILE, type ImageManifest } from "../store/image-manifest.ts";
import type { ImageStore } from "../store/image-store.ts";
import { keepImage } from "../store/keep-image.ts";
import type { BundleManifest } from "./bundle-manifest.ts";
import { BUNDLE_FILES, verifyUnpacked } from "./verify-unpacked.ts";

/** Whose a bundle is. What whoever offers it says of it must be what is in it; of what is undefined, nothing was said. */
export interface BundleOrigin {
  /** `acme/web`, for people. */
  readonly name: string;
  readonly arch: string | undefined;
  readonly kernelRef: string | null | undefined;
  readonly requirements: readonly string[] | undefined;
  /** Of an artifact in a registry. */
  readonly oci: ImageManifest["oci"];
  /** The kernel that whoever pulls it named for its vms. */
  readonly ownKernelRef: string | undefined;
}

export interface FetchedBundle {
  readonly path: string;
  readonly sha256: string;
}

/** What an entry of a catalog says of an image that comes from a bundle. */
export interface OfferedBundle extends Pick<OfferOf<"image">["entry"], "arch" | "kernelRef" | "requirements"> {
  /** `acme/web`. */
  readonly name: string;
  readonly bundle: BundleAddress | undefined;
}

interface PullParts {
  readonly system: System;
  readonly bundles: Bundles;
  readonly store: ImageStore;
}

/** Stages: `download`, and those of `keepBundle`. */
export async function pullOffered(parts: PullParts, entry: OfferedBundle, as: string, context: OperationContext): Promise<void> {
  const { name, arch, kernelRef = null, requirements = [], bundle } = entry;
  if (bundle === undefined) throw new Error(`the entry ${name} has neither an archive nor a bundle`);
  await parts.store.requireFree(as, `cannot pull image ${name}`);
  const path = await context.stage("download", (told) =>
    parts.bundles.fetch(bundle, { signal: context.signal, onProgress: (done, total) => told.progress(done, total, "bytes") }),
  );
  const origin = { name, arch, kernelRef, requirements, oci: undefined, ownKernelRef: undefined };
  await keepBundle(parts, origin, { path, sha256: bundle.sha256 }, as, context);
}

/** Stages: `unpack`, `store`. */
export async function keepBundle(
  parts: PullParts,
  origin: BundleOrigin,
  { path, sha256 }: FetchedBundle,
  as: string,
  context: OperationContext,
): Promise<void> {
  const { system, bundles, store } = parts;
  const { signal } = context;
  await using draft = await store.openDraft(context.operationId);
  const said = await context.stage("unpack", async (told) => {
    const unpacked = await bundles.unpack(path, sha256, draft.folder, BUNDLE_FILES, signal);
    const fail = (why: string, cause?: unknown): never => {
      throw damaged(origin, why, cause);
    };
    const manifest = await verifyUnpacked(system, draft.folder, unpacked, fail, signal);
    requireAsOffered(origin, manifest);
    told.note(`${manifest.distro}, ${manifest.workSeed === null ? "without" : "with"} a work seed`);
    return manifest;
  });
  await context.stage("store", async () => {
    const manifest = await manifestOf(system, draft.folder, origin, said);
    await keepImage(system, draft, as, manifest, signal);
  });
}

function requireAsOffered(origin: BundleOrigin, said: BundleManifest): void {
  const { arch, kernelRef, requirements } = origin;
  if (arch !== undefined && said.arch !== arch) throw damaged(origin, `is for ${said.arch}, and the catalog says ${arch}`);
  if (kernelRef !== undefined && said.kernelRef !== kernelRef)
    throw damaged(origin, `is for the kernel ${said.kernelRef ?? "of nobody"}, and the catalog says ${kernelRef ?? "of nobody"}`);
  const needs = said.requirements.map(({ name }) => name);
  if (requirements !== undefined && JSON.stringify(needs) !== JSON.stringify(requirements))
    throw damaged(origin, "needs something else to be ready than the catalog says");
}

async function manifestOf(system: System, folder: string, origin: BundleOrigin, said: BundleManifest): Promise<ImageManifest> {
  const storedBytes = async (file: string): Promise<number> => {
    const path = join(folder, file);
    // The manifest must not outlive what it describes.
    await system.files.sync(path);
    return (await system.files.find(path))?.allocatedBytes ?? 0;
  };
  const { distro, arch, init, requirements, config, base, workSeed } = said;
  return {
    format: 1,
    source: "bundle",
    distro,
    arch,
    suite: null,
    packages: [],
    kernelRef: origin.ownKernelRef ?? said.kernelRef,
    init,
    requirements,
    createdAt: system.clock.nowMs(),
    base: {
      format: base.format,
      bytes: base.bytes,
      checksum: `sha256:${base.sha256}`,
      storedBytes: await storedBytes(baseFile(base.format)),
    },
    // By whom it was written nobody knows.
    workSeed: workSeed === null ? null : { bytes: workSeed.bytes, storedBytes: await storedBytes(WORK_SEED_FILE), writer: "guest" },
    ...(origin.oci === undefined ? {} : { oci: origin.oci }),
    config,
  };
}

function damaged({ name }: BundleOrigin, why: string, cause?: unknown): BangerError {
  return new BangerError("invalid", "damaged_bundle", `cannot use the image ${name}: its bundle ${why}`, {
    hint: "ask whoever offers it: it was made wrong",
    cause,
  });
}
