import { isDeepStrictEqual } from "node:util";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { CatalogDocument } from "../document/catalog-document.ts";
import type { CatalogPlace, ReadCatalog } from "./catalog-place.ts";
import { entryLike, hasEntry, isSignedByKey, patchCatalog, readOwnCatalog, type Patch, type PatchedCatalog } from "./patch-catalog.ts";
import { pause } from "./sender.ts";

export interface UpdatedCatalog {
  readonly document: CatalogDocument;
  /** False when it said all of it already. */
  readonly isChanged: boolean;
}

/** Each is another publisher who was quicker. */
const TRIES = 20;
const PAUSE_MS = 400;

/** Puts an entry into a catalog, and reads it back. Throws `refused` `catalog_not_ours`, `catalog_busy`, and what the place throws. */
export async function updateCatalog(system: System, place: CatalogPlace, patch: Patch, signal: AbortSignal): Promise<UpdatedCatalog> {
  return place.exclusively(async () => {
    /** Also where the store did it and its answer was lost on the way. */
    let attempted: Uint8Array | undefined;
    let written: { readonly after: PatchedCatalog; readonly replaced: unknown } | undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (tries > 0 && written === undefined) await pause(system.clock, system.random.below(PAUSE_MS) + 1, signal);
      const found = await place.read(signal);
      if (written !== undefined && isWithoutSignature(found, written.after, patch)) {
        // Where a store has no conditions, somebody else's signature may have taken the place of ours.
        await place.write(found, written.after, patch.key, signal);
        continue;
      }
      if (written !== undefined && tries + 1 < TRIES && !isSigned(found, patch)) {
        // A store may be slower to show what it has taken than to say that it has.
        await pause(system.clock, PAUSE_MS, signal);
        continue;
      }
      const document = found.bytes === undefined ? undefined : readOwnCatalog(place.shown, found.bytes, found.signatures, patch.key);
      if (document !== undefined && (hasEntry(document, patch.entry) || isReplaced(document, patch, written)))
        return { document, isChanged: written !== undefined || isSame(found.bytes, attempted) };
      const after = patchCatalog(place.shown, document, patch, system.clock.nowMs());
      const replaced = document === undefined ? undefined : entryLike(document, patch.entry);
      attempted = after.bytes;
      written = (await place.write(found, after, patch.key, signal)) ? { after, replaced } : undefined;
    }
    throw new BangerError("unavailable", "catalog_busy", `cannot change ${place.shown}: others have changed it ${TRIES} times meanwhile`, {
      hint: "try again; what was uploaded stays",
    });
  }, signal);
}

function isWithoutSignature(found: ReadCatalog, after: PatchedCatalog, patch: Patch): boolean {
  return isSame(after.bytes, found.bytes) && !isSigned(found, patch);
}

function isSigned({ bytes, signatures }: ReadCatalog, { key }: Patch): boolean {
  return bytes !== undefined && isSignedByKey(bytes, signatures, key);
}

/** Somebody who came after us has published the same thing anew: theirs is the newer one. */
function isReplaced(
  document: CatalogDocument,
  { entry }: Patch,
  written: { readonly after: PatchedCatalog; readonly replaced: unknown } | undefined,
): boolean {
  if (written === undefined || document.version <= written.after.document.version) return false;
  return !isDeepStrictEqual(entryLike(document, entry), written.replaced);
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.from(one).equals(other);
}
