import type { System } from "../../system/system.ts";
import type { Bundles } from "../catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import { unpackBundle } from "./unpack-bundle.ts";
import { writeBundle } from "./write-bundle.ts";

export function makeBundles(system: System, fetcher: Fetcher): Bundles {
  return {
    fetch: (wanted, options) => fetcher.verified(wanted, options),
    unpack: (path, sha256, folder, allowed, signal) => unpackBundle(system, { path, sha256, folder, allowed }, signal),
    write: (path, manifest, files, options) => writeBundle(system, path, manifest, files, options),
  };
}
