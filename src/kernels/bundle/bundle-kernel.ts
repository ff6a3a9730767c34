/** `kernel bundle`: a kernel of the store into one file for others. */
import type { Bundles } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { KernelBundle } from "../kernels.ts";
import type { KernelManifest } from "../store/manifest.ts";
import { verifyKernel } from "../store/stored-kernel.ts";
import { bundleManifestOf } from "./bundle-manifest.ts";

export interface KernelToBundle {
  readonly name: string;
  readonly folder: string;
  readonly manifest: KernelManifest;
  /** Throws when it is there no more: nothing holds a kernel that is bundled. */
  readonly requireThere: () => Promise<unknown>;
}

/** @param into where the bundle goes, under the name that its content gives it. */
export async function bundleKernel(
  { system, bundles }: { readonly system: System; readonly bundles: Bundles },
  kernel: KernelToBundle,
  into: string,
  context: OperationContext,
): Promise<KernelBundle> {
  await bundles.requireFolder(into);
  await context.stage("verify", async () => {
    const problems = await verifyKernel(system, kernel.folder, kernel.manifest, context.signal).catch(async (error: unknown) => {
      await kernel.requireThere();
      throw error;
    });
    if (problems.length === 0) return;
    throw new BangerError("refused", "kernel_damaged", `cannot bundle the kernel ${kernel.name}: ${problems.join("; ")}`, {
      hint: `banger kernel delete ${kernel.name}, then get it again`,
    });
  });
  const said = bundleManifestOf(kernel.manifest, kernel.name);
  const { name, distro, arch, version } = said;
  const files = ["vmlinux", ...(said.modules === null ? [] : ["modules.cpio"])];
  const packed = await bundles.pack(
    {
      what: `kernel ${name}`,
      name,
      arch,
      manifest: `${JSON.stringify(said, undefined, 2)}\n`,
      files: files.map((file) => ({ name: file, path: `${kernel.folder}/${file}` })),
      onFailure: kernel.requireThere,
    },
    into,
    context,
  );
  return { ...packed, name, distro, arch, version };
}
