import type { Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { Bundles } from "../catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import { packBundle, requireBundleFolder, sweepBundleDrafts } from "./pack-bundle.ts";
import { unpackBundle } from "./unpack-bundle.ts";

export function makeBundles(system: System, fetcher: Fetcher, leases: Leases): Bundles {
  const parts = { system, leases };
  const open = new Set<string>();
  return {
    fetch: (wanted, options) => fetcher.verified(wanted, options),
    unpack: (path, sha256, folder, allowed, signal) => unpackBundle(system, { path, sha256, folder, allowed }, signal),
    requireFolder: (folder) => requireBundleFolder(system, folder),
    pack: (wanted, folder, context) => packBundle(parts, wanted, folder, context, open),
    reconcile: () => sweepBundleDrafts(parts, open),
  };
}
