/** Whether what a bundle became is the kernel that it says it is. */
import { parseBundleManifest, requireBundleFiles, type Fail, type UnpackedBundle } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { requireBootable } from "../extract-vmlinux.ts";
import { bundleManifest, type BundleManifest } from "./bundle-manifest.ts";

/** What a kernel's bundle may have beside its manifest. */
export const BUNDLE_FILES = [
  { name: "vmlinux", maxBytes: 512 * 2 ** 20 },
  { name: "modules.cpio", maxBytes: 512 * 2 ** 20 },
];

/** @param folder that it was unpacked into. @param fail words why it is no good. */
export async function verifyUnpacked(system: System, folder: string, unpacked: UnpackedBundle, fail: Fail): Promise<BundleManifest> {
  const said = parseBundleManifest(bundleManifest, unpacked.manifest, fail);
  const modules = said.modules === null ? [] : [["modules.cpio", said.modules] as const];
  requireBundleFiles(unpacked, [["vmlinux", said.vmlinux], ...modules], fail);
  try {
    await requireBootable(system, `${folder}/vmlinux`, "vmlinux");
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return fail(`has a vmlinux that no vm could boot: ${error.message}`, error);
  }
  return said;
}
