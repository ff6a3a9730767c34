/** Images as a daemon has them, from the archives of this computer's apt. What merges layers is not there: none of these has any. */
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { madeSources } from "../../src/catalog/oci/made-sources.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import type { Images } from "../../src/images/images.ts";
import { makeImages } from "../../src/images/make-images.ts";
import type { Leases } from "../../src/operations/operations.ts";
import type { System } from "../../src/system/system.ts";
import { aptArchive } from "./images-apt-archive.ts";

export function imagesOfApt(system: System, leases: Leases): Images {
  return makeImages({
    system,
    offers: madeOffers(),
    archive: aptArchive,
    sources: madeSources(system),
    bundles: makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), leases),
    placeLayers: async () => "banger-layers",
    leases,
    uid: process.getuid?.() ?? 0,
  });
}
