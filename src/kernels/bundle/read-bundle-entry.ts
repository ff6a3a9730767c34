import { readGivenBundle } from "../../catalog/catalog.ts";
import type { System } from "../../system/system.ts";
import { BUNDLE_FILES, verifyUnpacked } from "./verify-unpacked.ts";

/**
 * What a catalog says of a kernel's bundle, but for where it is. Throws `invalid` `bad_bundle`.
 * @param description of the entry; name and version when undefined. @param folder empty, and the caller's to remove.
 */
export async function readBundleEntry(
  system: System,
  path: string,
  description: string | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<unknown> {
  const given = { path, folder, allowed: BUNDLE_FILES, type: "kernel" } as const;
  const { type, name, distro, arch, version } = await readGivenBundle(
    system,
    given,
    (unpacked, fail) => verifyUnpacked(system, folder, unpacked, fail),
    signal,
  );
  return {
    type,
    name,
    distro,
    arch,
    ...(version === null ? {} : { version }),
    description: description ?? [name, ...(version === null ? [] : [`Linux ${version}`])].join(", "),
  };
}
