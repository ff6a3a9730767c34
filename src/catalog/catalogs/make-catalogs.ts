import { BangerError } from "../../contract/errors.ts";
import { makeJoinWork, makeOneAtATime } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { Catalogs, FetchedCatalog, KnownCatalog } from "../catalog.ts";
import { EMBEDDED_NAME } from "../embedded-catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import { firstTrust, requireUsable } from "../trust/trust.ts";
import { addressOf } from "./address-of.ts";
import type { CatalogRow, CatalogRows } from "./catalog-rows.ts";
import { adoptConfigured, planOf, type CatalogPlan, type ConfiguredCatalog } from "./configured.ts";
import { fetchCatalog } from "./fetch-catalog.ts";

export interface CatalogsParts {
  readonly system: Pick<System, "clock" | "layout">;
  /** Those in the config, of different names. */
  readonly configured: readonly ConfiguredCatalog[];
  readonly rows: CatalogRows;
  readonly fetcher: Fetcher;
}

/** What is believed and what is offered are one row, written at the end: a daemon that dies before has changed nothing. */
export function makeCatalogs({ system: { clock, layout }, configured, rows, fetcher }: CatalogsParts): Catalogs {
  adoptConfigured(rows, configured);
  const joinUpdate = makeJoinWork();

  const oneAtATime = makeOneAtATime();

  /** Of two updates the slower would otherwise put an older version back. */
  const alone = <T>(name: string, work: () => Promise<T>): Promise<T> => oneAtATime(name, work, catalogBusy);

  const planned = (name: string): CatalogPlan | undefined => {
    const wanted = configured.find((each) => each.name === name);
    return rows.find(name) ?? (wanted === undefined ? undefined : planOf(wanted));
  };

  const fetchInto = async ({ name, url, keys, trust: before, isConfigured }: CatalogPlan, signal: AbortSignal): Promise<FetchedCatalog> => {
    const wasThere = planned(name) !== undefined;
    const { trust, document } = await fetchCatalog(fetcher, url, before, clock.nowMs(), signal);
    // It was removed meanwhile, and is not to come back.
    if (wasThere && planned(name) === undefined) throw noSuchCatalog(name);
    const written: CatalogRow = { name, url, keys, isConfigured, trust, document, updatedAt: clock.nowMs() };
    rows.write(written);
    return knownOf(written);
  };

  const knownOf = ({ name, url, keys, isConfigured, trust, document, updatedAt }: CatalogRow): FetchedCatalog => {
    const { version, issued, expires, entries } = document;
    const problem = problemOf(() => requireUsable(trust, clock.nowMs()));
    return { name, url, keys, isConfigured, accepted: { version, issued, expires, entries, updatedAt }, problem };
  };

  return {
    list: () => {
      const fetched = rows.list();
      const others = configured.filter(({ name }) => !fetched.some((row) => row.name === name));
      return [...fetched.map(knownOf), ...others.map(notYetFetched)].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    add: ({ name, url, keys }, { stage, signal }) =>
      alone(name, async () => {
        if (name === EMBEDDED_NAME)
          throw new BangerError("exists", "catalog_exists", `cannot add a catalog ${name}: the one inside the program is called so`, {
            hint: "whoever keeps it has to give it another name",
          });
        const there = planned(name);
        if (there !== undefined)
          throw new BangerError("exists", "catalog_exists", `cannot add a catalog ${name}: there is one of that name`, {
            hint: there.isConfigured
              ? `banger catalog update ${name}; it stands in the config, ${layout.configFile}`
              : `banger catalog update ${name}, or banger catalog remove ${name} first`,
          });
        const plan = { name, url: addressOf(url), keys, trust: firstTrust(name, keys), isConfigured: false };
        return stage("fetch", async (told) => noted(told, await fetchInto(plan, signal)));
      }),
    update: (name, context) =>
      joinUpdate(name, context, () =>
        alone(name, async () => {
          const plan = planned(name);
          if (plan === undefined) throw noSuchCatalog(name);
          return context.stage("fetch", async (told) => noted(told, await fetchInto(plan, context.signal)));
        }),
      ),
    remove: (name) => {
      if (configured.some((each) => each.name === name))
        throw new BangerError("refused", "catalog_in_config", `cannot remove the catalog ${name}: it stands in the config`, {
          hint: `take it out of ${layout.configFile}, then banger daemon stop`,
        });
      if (!rows.remove(name)) throw noSuchCatalog(name);
    },
  };
}

function notYetFetched({ name, url, keys }: ConfiguredCatalog): KnownCatalog {
  return { name, url, keys, isConfigured: true, accepted: undefined, problem: `not fetched yet; banger catalog update ${name}` };
}

function noted(told: { note(text: string): void }, known: FetchedCatalog): FetchedCatalog {
  const { version, entries } = known.accepted;
  told.note(`version ${version}, ${entries.length} ${entries.length === 1 ? "entry" : "entries"}`);
  return known;
}

function noSuchCatalog(name: string): BangerError {
  if (name === EMBEDDED_NAME)
    return new BangerError("not_found", "catalog_not_found", `cannot change the catalog ${name}: it is inside the program`, {
      hint: "it is updated with the program; banger catalog list shows the others",
    });
  return new BangerError("not_found", "catalog_not_found", `cannot find a catalog ${name}: none of that name was added`, {
    hint: "banger catalog list",
  });
}

function problemOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return error.message;
  }
}

function catalogBusy(name: string): BangerError {
  return new BangerError("refused", "catalog_busy", `cannot change the catalog ${name}: it is being fetched`, {
    hint: "banger operation list shows by whom",
  });
}
