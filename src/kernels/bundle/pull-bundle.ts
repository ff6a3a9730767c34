/** `kernel pull` of a bundle: download, unpack, store. */
import { z } from "zod";
import type { BundleAddress, Bundles, UnpackedBundle } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { KernelStore } from "../store/kernel-store.ts";
import type { KernelManifest } from "../store/manifest.ts";
import { bundleManifest, type BundleManifest } from "./bundle-manifest.ts";

/** What a bundle is pulled as, and whose it is: what the catalog says must be what is in it. */
export interface BundleOrigin {
  /** `acme/generic-6.12`, for people. */
  readonly name: string;
  readonly arch: string;
  readonly version: string | undefined;
  readonly bundle: BundleAddress;
}

const FILES = [
  { name: "vmlinux", maxBytes: 512 * 2 ** 20 },
  { name: "modules.cpio", maxBytes: 512 * 2 ** 20 },
];

export async function pullBundle(
  parts: { readonly bundles: Bundles; readonly store: KernelStore },
  origin: BundleOrigin,
  as: string,
  context: OperationContext,
): Promise<KernelManifest> {
  const { bundles, store } = parts;
  await using folder = await store.openFolder(as, context.operationId);
  const path = await context.stage("download", (told) =>
    bundles.fetch(origin.bundle, { signal: context.signal, onProgress: (done, total) => told.progress(done, total, "bytes") }),
  );
  const manifest = await context.stage("unpack", async (told) => {
    const unpacked = await bundles.unpack(path, origin.bundle.sha256, folder.path, FILES, context.signal);
    const said = readManifest(origin, unpacked);
    told.note(`Linux ${said.version ?? "of unknown version"}, ${said.modules?.names.length ?? 0} modules`);
    return said;
  });
  const { distro, arch, version, needsAcpi, acpiReason, vmlinux, modules } = manifest;
  return await context.stage("store", () =>
    folder.keepFiles({ format: 1, source: "bundle", package: null, distro, arch, version, needsAcpi, acpiReason, vmlinux, modules }),
  );
}

function readManifest(origin: BundleOrigin, { manifest, files }: UnpackedBundle): BundleManifest {
  const fail = (why: string, cause?: unknown): never => {
    throw new BangerError("invalid", "damaged_bundle", `cannot use the kernel ${origin.name}: its bundle ${why}`, {
      hint: "ask whoever keeps the catalog: it was made wrong",
      cause,
    });
  };
  const said = parsed(manifest, fail);
  const wanted = [["vmlinux", said.vmlinux] as const, ...(said.modules === null ? [] : [["modules.cpio", said.modules] as const])];
  for (const [name, { sha256, bytes }] of wanted) {
    const found = files.find((file) => file.name === name);
    if (found === undefined) return fail(`has no ${name}`);
    if (found.sha256 !== sha256 || found.bytes !== bytes) return fail(`has another ${name} than its manifest.json says`);
  }
  if (files.length !== wanted.length) return fail("has files that its manifest.json does not tell of");
  if (said.arch !== origin.arch) return fail(`is for ${said.arch}, and the catalog says ${origin.arch}`);
  if (origin.version !== undefined && said.version !== origin.version)
    return fail(`has Linux ${said.version ?? "of unknown version"}, and the catalog says ${origin.version}`);
  return said;
}

function parsed(text: string, fail: (why: string, cause: unknown) => never): BundleManifest {
  try {
    return bundleManifest.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof z.ZodError) return fail(`has a manifest.json that is not as it should be: ${z.prettifyError(error)}`, error);
    if (error instanceof SyntaxError) return fail(`has a manifest.json that is none: ${error.message}`, error);
    throw error;
  }
}
