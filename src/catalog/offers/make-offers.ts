/** What can be pulled by name, of all catalogs; those of others are asked for news first when they are older than a day. */
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { Catalogs, Embedded, KnownCatalog, Offer, Offers } from "../catalog.ts";
import type { DocumentEntry } from "../document/catalog-document.ts";
import { chooseOffer, isRecipe, pullableNames, splitName } from "./choose-offer.ts";

export interface OffersParts {
  readonly system: Pick<System, "clock">;
  readonly catalogs: Pick<Catalogs, "list" | "update">;
  readonly embedded: Embedded;
}

const STALE_MS = 24 * 60 * 60_000;
/** Kernels and images for others cannot be used here. */
const ARCH = "amd64";

export function makeOffers({ system, catalogs, embedded }: OffersParts): Offers {
  const ours = embedded.entries.map((entry): Offer => ({ catalog: embedded.name, entry }));
  const list = (): readonly Offer[] => [...ours, ...catalogs.list().flatMap(offersOf)];

  /** Those that the name could be in, as new as they can be had. */
  const refresh = async (name: string, context: OperationContext): Promise<void> => {
    const wanted = splitName(name).catalog;
    const asked = catalogs.list().filter((known) => wanted === undefined || wanted === known.name);
    const stale = asked.filter(
      ({ accepted, problem }) => problem !== undefined || system.clock.nowMs() - (accepted?.updatedAt ?? 0) >= STALE_MS,
    );
    if (stale.length === 0) return;
    await context.stage("catalogs", async (stage) => {
      stage.note(stale.map(({ name }) => name).join(", "));
      await Promise.all(stale.map((known) => update(known, known.name === wanted, context)));
    });
  };

  const update = async (known: KnownCatalog, isNamed: boolean, context: OperationContext): Promise<void> => {
    try {
      await catalogs.update(known.name, {
        operationId: context.operationId,
        signal: context.signal,
        stage: (_name, body) => body({ note: () => undefined, progress: () => undefined }),
      });
    } catch (error) {
      if (context.signal.aborted || !(error instanceof BangerError)) throw error;
      // What was accepted before is good until it expires; without it, the reason is why.
      if (isNamed && known.problem !== undefined) throw error;
      context.notice(`the catalog ${known.name} could not be updated: ${error.message}`);
    }
  };

  return {
    list,
    isCatalog: (name) => name === embedded.name || catalogs.list().some((known) => known.name === name),
    pullable: (type) => pullableNames(list(), type),
    find: async (type, name, context) => {
      const wanted = splitName(name);
      const isOurs = ours.some((offer) => offer.entry.type === type && offer.entry.name === wanted.name && !isRecipe(offer));
      if (wanted.catalog !== embedded.name && !(wanted.catalog === undefined && isOurs)) await refresh(name, context);
      return chooseOffer(list(), type, name, ARCH);
    },
  };
}

/** Nothing of a catalog that is of no use now. */
function offersOf({ name, url, accepted, problem }: KnownCatalog): readonly Offer[] {
  return problem === undefined ? (accepted?.entries ?? []).map((entry): Offer => ({ catalog: name, entry: withAddress(entry, url) })) : [];
}

/** A bundle beside its catalog is where that is. */
function withAddress(entry: DocumentEntry, catalogUrl: string): DocumentEntry {
  return entry.bundle === undefined ? entry : { ...entry, bundle: { ...entry.bundle, url: new URL(entry.bundle.url, catalogUrl).href } };
}
