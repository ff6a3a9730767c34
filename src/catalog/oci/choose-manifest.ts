/** Which entry of an index is meant. */
import { BangerError } from "../../contract/errors.ts";
import type { IndexEntry } from "./image-document.ts";
import { isIndexType, isManifestType } from "./media-types.ts";
import { choosePlain, fits, formatPlatform, type Platform } from "./platform.ts";

const MAX_SHOWN = 12;

/**
 * One for the platform, or else the only one that is for none in particular. An index in an index counts as such a one.
 * Throws `not_found` `no_such_platform`.
 */
export function chooseManifest(entries: readonly IndexEntry[], wanted: Platform, what: string): IndexEntry {
  // Of other kinds there may be some beside: signatures, statements about how it was built.
  const usable = entries.filter(({ type }) => isIndexType(type) || isManifestType(type));
  const offered = usable.flatMap((entry) => (entry.platform === undefined ? [] : [{ entry, platform: entry.platform }]));
  const best = choosePlain(offered.filter(({ platform }) => fits(wanted, platform)));
  if (best !== undefined) return best.entry;
  const forNone = usable.filter(({ platform }) => platform === undefined);
  const [only] = forNone;
  if (only !== undefined && forNone.length === 1) return only;
  const known = offered.filter(({ platform }) => platform.os !== "unknown").map(({ platform }) => formatPlatform(platform));
  const clean = [...new Set(known)].filter((name) => /^[a-z0-9._/-]{1,100}$/.test(name)).slice(0, MAX_SHOWN);
  throw new BangerError(
    "not_found",
    "no_such_platform",
    `cannot use ${what}: it has ${forNone.length > 1 ? "several images, and does not say for which platforms" : `none for ${formatPlatform(wanted)}`}`,
    { hint: clean.length === 0 ? "look at the name and the tag" : `it has some for ${clean.join(", ")}: --platform` },
  );
}
