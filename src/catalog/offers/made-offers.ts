/** Offers where no catalog was added, for tests and benchmarks. */
import type { Embedded, Offers } from "../catalog.ts";
import { openEmbedded } from "../embedded-catalog.ts";
import { makeOffers } from "./make-offers.ts";

export function madeOffers(embedded: Embedded = openEmbedded()): Offers {
  const clock = { nowMs: () => 0 } as Parameters<typeof makeOffers>[0]["system"]["clock"];
  return makeOffers({
    system: { clock },
    catalogs: { list: () => [], update: () => Promise.reject(new Error("there are none")) },
    embedded,
  });
}
