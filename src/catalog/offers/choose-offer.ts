/** Which entry a name means: `generic-6.12`, or `acme/generic-6.12` for one of a certain catalog. Pure. */
import { BangerError } from "../../contract/errors.ts";
import type { Offer, OfferOf } from "../catalog.ts";
import type { DocumentEntry } from "../document/catalog-document.ts";
import { EMBEDDED_NAME } from "../embedded-catalog.ts";

type Type = DocumentEntry["type"];

export interface WantedName {
  readonly catalog: string | undefined;
  readonly name: string;
}

export function splitName(given: string): WantedName {
  const slash = given.indexOf("/");
  return slash < 0 ? { catalog: undefined, name: given } : { catalog: given.slice(0, slash), name: given.slice(slash + 1) };
}

/**
 * What is inside the program goes before what was added, so that nobody can take its names over; a recipe gives way to whatever can be
 * fetched. Throws `not_found` `TYPE_not_in_catalog`, `refused` `ambiguous_name`.
 */
export function chooseOffer<T extends Type>(offers: readonly Offer[], type: T, given: string, arch: string): OfferOf<T> {
  const wanted = splitName(given);
  const named = offers.filter(
    ({ catalog, entry }) => entry.name === wanted.name && (wanted.catalog === undefined || wanted.catalog === catalog),
  );
  const ofType = named.filter((offer): offer is OfferOf<T> => offer.entry.type === type);
  const fitting = ofType.filter(({ entry }) => entry.arch === arch);
  const fetchable = fitting.filter((offer) => !isRecipe(offer));
  const ours = fetchable.find(({ catalog }) => catalog === EMBEDDED_NAME);
  const best = ours ?? fetchable[0] ?? fitting[0];
  if (best === undefined) throw notOffered(offers, type, given, named, ofType, arch);
  if (ours === undefined && fetchable.length > 1) {
    const names = fetchable.map(({ catalog }) => `${catalog}/${wanted.name}`);
    throw new BangerError(
      "refused",
      "ambiguous_name",
      `cannot pull ${type} ${given}: ${fetchable.map(({ catalog }) => catalog).join(" and ")} have one of that name`,
      { hint: names.map((name) => `banger ${type} pull ${name}`).join(" or ") },
    );
  }
  return best;
}

export function isRecipe({ entry }: Offer): boolean {
  return entry.type === "kernel" && entry.build !== undefined;
}

/** What can be pulled, by the name that means it. */
export function pullableNames(offers: readonly Offer[], type: Type): readonly string[] {
  return offers.flatMap((offer) => {
    if (offer.entry.type !== type || isRecipe(offer)) return [];
    return [offer.catalog === EMBEDDED_NAME ? offer.entry.name : `${offer.catalog}/${offer.entry.name}`];
  });
}

function notOffered(
  offers: readonly Offer[],
  type: Type,
  given: string,
  named: readonly Offer[],
  ofType: readonly Offer[],
  arch: string,
): BangerError {
  const { catalog } = splitName(given);
  const known = pullableNames(offers, type);
  const isKnownCatalog = catalog === undefined || catalog === EMBEDDED_NAME || offers.some((offer) => offer.catalog === catalog);
  const [other] = named;
  const why =
    ofType.length > 0
      ? `there is one for ${ofType.map(({ entry }) => entry.arch).join(" and ")}, and this computer is ${arch}`
      : other !== undefined
        ? `that is ${other.entry.type === "image" ? "an image" : "a kernel"}`
        : !isKnownCatalog
          ? `no catalog ${catalog} was added, or it is empty`
          : catalog === undefined
            ? `no catalog has ${type === "image" ? "an image" : "a kernel"} of that name`
            : `the catalog ${catalog} has none of that name`;
  const hint =
    other !== undefined && ofType.length === 0
      ? `banger ${other.entry.type} pull ${given}`
      : !isKnownCatalog
        ? "banger catalog list"
        : ["banger catalog list", ...known.slice(0, 8).map((each) => `banger ${type} pull ${each}`)].join(", or ");
  return new BangerError("not_found", `${type}_not_in_catalog`, `cannot pull ${type} ${given}: ${why}`, { hint });
}
