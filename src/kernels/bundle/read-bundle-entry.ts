/** A bundle that somebody is about to publish, looked at as those who pull it will: what is signed into a catalog stays there for long. */
import { unpackBundle } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import { isOfThePath, reasonOf } from "../../contract/system-error.ts";
import type { System } from "../../system/system.ts";
import type { BundleManifest } from "./bundle-manifest.ts";
import { BUNDLE_FILES, verifyUnpacked } from "./verify-unpacked.ts";

/**
 * What a catalog says of a bundle, but for where it is. Throws `invalid` `bad_bundle`.
 * @param description of the entry; name and version when undefined. @param folder empty, and the caller's to remove.
 */
export async function readBundleEntry(
  system: System,
  path: string,
  description: string | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<unknown> {
  const { type, name, distro, arch, version } = await readWhole(system, path, folder, signal);
  return {
    type,
    name,
    distro,
    arch,
    ...(version === null ? {} : { version }),
    description: description ?? [name, ...(version === null ? [] : [`Linux ${version}`])].join(", "),
  };
}

async function readWhole(system: System, path: string, folder: string, signal: AbortSignal): Promise<BundleManifest> {
  const fail = (why: string, cause?: unknown): never => {
    throw new BangerError("invalid", "bad_bundle", `cannot publish ${path}: it ${why}`, {
      hint: "a bundle is NAME-ARCH-DIGEST.tar.zst, as banger kernel bundle NAME --into DIR makes it",
      cause,
    });
  };
  try {
    if ((await system.files.find(path))?.kind !== "file") return fail("is no file");
    const sha256 = await system.files.sha256(path, signal);
    const unpacked = await unpackBundle(system, { path, sha256, folder, allowed: BUNDLE_FILES }, signal);
    return await verifyUnpacked(system, folder, unpacked, fail);
  } catch (error) {
    if (isOfThePath(error, path)) return fail(`cannot be read: ${reasonOf(error)}`, error);
    if (error instanceof BangerError && ["damaged_bundle", "unpacked_too_large"].includes(error.code))
      return fail(`is not whole: ${error.cause instanceof Error ? error.cause.message : error.message}`, error);
    throw error;
  }
}
