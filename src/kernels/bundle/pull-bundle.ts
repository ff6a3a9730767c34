/** `kernel pull` of a bundle: download, unpack, store. */
import type { BundleAddress, Bundles, UnpackedBundle } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { KernelStore } from "../store/kernel-store.ts";
import type { KernelManifest } from "../store/manifest.ts";
import type { BundleManifest } from "./bundle-manifest.ts";
import { BUNDLE_FILES, verifyUnpacked } from "./verify-unpacked.ts";

/** What a bundle is pulled as, and whose it is: what the catalog says must be what is in it. */
export interface BundleOrigin {
  /** `acme/generic-6.12`, for people. */
  readonly name: string;
  readonly arch: string;
  readonly version: string | undefined;
  readonly bundle: BundleAddress;
}

export async function pullBundle(
  parts: { readonly system: System; readonly bundles: Bundles; readonly store: KernelStore },
  origin: BundleOrigin,
  as: string,
  context: OperationContext,
): Promise<KernelManifest> {
  const { system, bundles, store } = parts;
  await using folder = await store.openFolder(as, context.operationId);
  const path = await context.stage("download", (told) =>
    bundles.fetch(origin.bundle, { signal: context.signal, onProgress: (done, total) => told.progress(done, total, "bytes") }),
  );
  const manifest = await context.stage("unpack", async (told) => {
    const unpacked = await bundles.unpack(path, origin.bundle.sha256, folder.path, BUNDLE_FILES, context.signal);
    const said = await verify(system, folder.path, origin, unpacked);
    told.note(`Linux ${said.version ?? "of unknown version"}, ${said.modules?.names.length ?? 0} modules`);
    return said;
  });
  const { distro, arch, version, needsAcpi, acpiReason, vmlinux, modules } = manifest;
  return await context.stage("store", () =>
    folder.keepFiles({ format: 1, source: "bundle", package: null, distro, arch, version, needsAcpi, acpiReason, vmlinux, modules }),
  );
}

async function verify(system: System, folder: string, origin: BundleOrigin, unpacked: UnpackedBundle): Promise<BundleManifest> {
  const fail = (why: string, cause?: unknown): never => {
    throw new BangerError("invalid", "damaged_bundle", `cannot use the kernel ${origin.name}: its bundle ${why}`, {
      hint: "ask whoever keeps the catalog: it was made wrong",
      cause,
    });
  };
  const said = await verifyUnpacked(system, folder, unpacked, fail);
  if (said.arch !== origin.arch) return fail(`is for ${said.arch}, and the catalog says ${origin.arch}`);
  if (origin.version !== undefined && said.version !== origin.version)
    return fail(`has Linux ${said.version ?? "of unknown version"}, and the catalog says ${origin.version}`);
  return said;
}
