/**
 * `manifest.json` of a kernel's bundle, the first file in it. It has no time and no name of who made it: the same kernel under the same
 * name makes the same bundle.
 *
 *     {
 *       "schema": 1, "type": "kernel",
 *       "name": "generic-6.12", "distro": "banger", "arch": "amd64",
 *       "version": "6.12.117",                    as uname -r says, or null
 *       "needsAcpi": false, "acpiReason": "...",  whether it finds its devices only through ACPI, and how that is known
 *       "vmlinux": { "sha256": "...", "bytes": 21000000 },
 *       "modules": null                           or { "sha256", "bytes", "names" } of modules.cpio: the drivers that are loaded first
 *     }
 */
import { z } from "zod";
import { problemsIn } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import { distroName, goodsName, kernelRelease, sha256 } from "../../contract/schemas/names.ts";
import type { KernelManifest } from "../store/manifest.ts";

const file = { sha256, bytes: z.number().int().positive() };

export const bundleManifest = z.strictObject({
  schema: z.literal(1, "is of a form that this banger does not know: install a newer one"),
  type: z.literal("kernel"),
  name: goodsName,
  distro: distroName,
  arch: z.literal("amd64"),
  version: kernelRelease.nullable(),
  needsAcpi: z.boolean(),
  acpiReason: z.string().max(500),
  vmlinux: z.strictObject(file),
  modules: z
    .strictObject({
      ...file,
      names: z
        .array(z.string().regex(/^[\w-]{1,64}$/))
        .min(1)
        .max(1000),
    })
    .nullable(),
});
export type BundleManifest = z.output<typeof bundleManifest>;

/** Whoever made a kernel and did not say of what distribution it is: that is nobody's. */
const NO_DISTRO = "custom";

/** Throws `refused` `kernel_not_bundled` for a kernel with words that no catalog may have: it was imported with them. */
export function bundleManifestOf(
  { distro, arch, version, needsAcpi, acpiReason, vmlinux, modules }: KernelManifest,
  name: string,
): BundleManifest {
  const said: BundleManifest = {
    schema: 1,
    type: "kernel",
    name,
    distro: distro ?? NO_DISTRO,
    arch,
    version,
    needsAcpi,
    acpiReason,
    vmlinux,
    modules,
  };
  const parsed = bundleManifest.safeParse(said, { error: wordIssue });
  if (parsed.success) return parsed.data;
  throw new BangerError("refused", "kernel_not_bundled", `cannot bundle the kernel ${name}: ${problemsIn(parsed.error)}`, {
    hint: `banger kernel delete ${name}, then import it with another metadata.json`,
  });
}
