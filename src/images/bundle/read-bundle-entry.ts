import { readGivenBundle } from "../../catalog/catalog.ts";
import type { System } from "../../system/system.ts";
import { BUNDLE_FILES, verifyUnpacked } from "./verify-unpacked.ts";

/**
 * What a catalog says of an image's bundle, but for where it is. Throws `invalid` `bad_bundle`.
 * @param description of the entry; name and distribution when undefined. @param folder empty, and the caller's to remove.
 */
export async function readBundleEntry(
  system: System,
  path: string,
  description: string | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<unknown> {
  const given = { path, folder, allowed: BUNDLE_FILES, type: "image" } as const;
  const { type, name, distro, arch, kernelRef, requirements } = await readGivenBundle(
    system,
    given,
    (unpacked, fail) => verifyUnpacked(system, folder, unpacked, fail, signal),
    signal,
  );
  return {
    type,
    name,
    distro,
    arch,
    ...(kernelRef === null ? {} : { kernelRef }),
    ...(requirements.length === 0 ? {} : { requirements: requirements.map((each) => each.name) }),
    description: description ?? `${name}, of ${distro}`,
  };
}
