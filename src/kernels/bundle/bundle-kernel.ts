/** `kernel bundle`: a kernel of the store into one file for others. */
import type { Bundles } from "../../catalog/catalog.ts";
import { bundleFileName } from "../../contract/bundle-file-name.ts";
import { BangerError } from "../../contract/errors.ts";
import { isOfThePath, reasonOf } from "../../contract/system-error.ts";
import type { Leases, OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { KernelBundle } from "../kernels.ts";
import type { KernelManifest } from "../store/manifest.ts";
import { verifyKernel } from "../store/stored-kernel.ts";
import { bundleManifestOf } from "./bundle-manifest.ts";

/** @param folder of the kernel. @param into where the bundle goes, under the name that its content gives it. */
export async function bundleKernel(
  parts: { readonly system: System; readonly bundles: Bundles; readonly leases: Leases },
  kernel: { readonly name: string; readonly folder: string; readonly manifest: KernelManifest },
  into: string,
  context: OperationContext,
): Promise<KernelBundle> {
  const { system, bundles, leases } = parts;
  await requireFolder(system, into);
  await context.stage("verify", async () => {
    const problems = await verifyKernel(system, kernel.folder, kernel.manifest, context.signal);
    if (problems.length === 0) return;
    throw new BangerError("refused", "kernel_damaged", `cannot bundle the kernel ${kernel.name}: ${problems.join("; ")}`, {
      hint: `banger kernel delete ${kernel.name}, then get it again`,
    });
  });
  const said = bundleManifestOf(kernel.manifest, kernel.name);
  const names = ["vmlinux", ...(said.modules === null ? [] : ["modules.cpio"])];
  return context.stage("pack", async (told) => {
    const draft = `${into}/.${kernel.name}-${system.random.hex(8)}.tar.zst`;
    await using undo = new AsyncDisposableStack();
    undo.defer(async () => {
      // Who failed before that is told why, and not this.
      await discard(parts, draft).catch((error: unknown) => {
        throw draftLeft(draft, error);
      });
    });
    leases.write({ kind: "bundle-draft", key: draft, vmId: undefined, operationId: context.operationId });
    const { sha256, bytes } = await bundles.write(
      draft,
      `${JSON.stringify(said, undefined, 2)}\n`,
      names.map((name) => ({ name, path: `${kernel.folder}/${name}` })),
      { signal: context.signal, onProgress: (done, total) => told.progress(done, total, "bytes") },
    );
    const { name, distro, arch, version } = said;
    const file = bundleFileName({ name, arch, sha256 });
    const path = `${into}/${file}`;
    // One of the same name that is there already is the same one, unless somebody has changed it.
    if (!(await system.files.link(draft, path)) && (await system.files.sha256(path, context.signal)) !== sha256) {
      throw new BangerError("exists", "file_exists", `cannot write the bundle ${path}: there is another file of that name`, {
        hint: `rm ${path}, if it may go`,
      });
    }
    told.note(file);
    return { path, file, sha256, bytes, name, distro, arch, version };
  });
}

/** Where it was to be written cannot be written to, or is there no more. */
export async function requireWritable(system: System, into: string, error: unknown): Promise<void> {
  if (!isOfThePath(error, into)) return;
  await requireFolder(system, into);
  throw new BangerError("refused", "folder_unusable", `cannot write a bundle into ${into}: ${reasonOf(error)}`, {
    hint: `ls -ld ${into}, or another folder`,
    cause: error,
  });
}

/** Removes what dead daemons left half written in others' folders. Those of now have no lease that a dead one wrote. */
export async function sweepBundleDrafts(
  parts: { readonly system: System; readonly leases: Leases },
  isOpen: (operationId: string | undefined) => boolean,
): Promise<void> {
  for (const { kind, key, operationId } of parts.leases.list()) {
    if (kind !== "bundle-draft" || isOpen(operationId)) continue;
    try {
      await discard(parts, key);
    } catch (error) {
      parts.system.log.warn("cannot remove half a bundle", { path: key, error });
    }
  }
}

function draftLeft(draft: string, cause: unknown): BangerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BangerError("unavailable", "bundle_draft_left", `the bundle was written, and ${draft} is left beside it: ${why}`, {
    hint: `rm ${draft}, or leave it to the next start of the daemon`,
    cause,
  });
}

async function discard({ system, leases }: { readonly system: System; readonly leases: Leases }, draft: string): Promise<void> {
  await system.files.removeFile(draft);
  // Not before: what cannot be removed now is swept up later, by its lease.
  leases.drop("bundle-draft", draft);
}

async function requireFolder(system: System, into: string): Promise<void> {
  const found = await system.files.find(`${into}/.`).catch(() => undefined);
  if (found?.kind === "folder") return;
  throw new BangerError("not_found", "folder_not_found", `cannot write a bundle into ${into}: there is no such folder`, {
    hint: `mkdir ${into}, or another folder`,
  });
}
