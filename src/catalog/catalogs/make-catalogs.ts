import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { Catalogs, KnownCatalog } from "../catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import { firstTrust, requireUsable } from "../trust/trust.ts";
import { addressOf } from "./address-of.ts";
import type { CatalogRow, CatalogRows } from "./catalog-rows.ts";
import { fetchCatalog } from "./fetch-catalog.ts";

export interface CatalogsParts {
  readonly system: Pick<System, "clock">;
  readonly rows: CatalogRows;
  readonly fetcher: Fetcher;
}

/** What is believed and what is offered are one row, written at the end: a daemon that dies before has changed nothing. */
export function makeCatalogs({ system: { clock }, rows, fetcher }: CatalogsParts): Catalogs {
  const underWay = new Set<string>();

  /** One at a time for each: of two updates the slower would otherwise put an older version back. */
  const alone = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    if (underWay.has(name))
      throw new BangerError("refused", "catalog_busy", `cannot change the catalog ${name}: it is being fetched`, {
        hint: "banger operation list shows by whom",
      });
    underWay.add(name);
    try {
      return await work();
    } finally {
      underWay.delete(name);
    }
  };

  const fetchInto = async (row: Pick<CatalogRow, "name" | "url" | "keys" | "trust">, signal: AbortSignal): Promise<KnownCatalog> => {
    const { trust, document } = await fetchCatalog(fetcher, row.url, row.trust, clock.nowMs(), signal);
    const written: CatalogRow = { ...row, trust, document, updatedAt: clock.nowMs() };
    rows.write(written);
    return knownOf(written);
  };

  const knownOf = ({ name, url, keys, trust, document, updatedAt }: CatalogRow): KnownCatalog => {
    const { version, issued, expires, entries } = document;
    return { name, url, keys, version, issued, expires, entries, updatedAt, problem: problemOf(() => requireUsable(trust, clock.nowMs())) };
  };

  return {
    list: () => rows.list().map(knownOf),
    add: ({ name, url, keys }, { stage, signal }) =>
      alone(name, async () => {
        if (rows.find(name) !== undefined)
          throw new BangerError("exists", "catalog_exists", `cannot add a catalog ${name}: there is one of that name`, {
            hint: `banger catalog update ${name}, or banger catalog remove ${name} first`,
          });
        const row = { name, url: addressOf(url), keys, trust: firstTrust(name, keys) };
        return stage("fetch", async (told) => noted(told, await fetchInto(row, signal)));
      }),
    update: (name, { stage, signal }) =>
      alone(name, async () => {
        const row = rows.find(name);
        if (row === undefined) throw noSuchCatalog(name);
        return stage("fetch", async (told) => noted(told, await fetchInto(row, signal)));
      }),
    remove: (name) => {
      if (!rows.remove(name)) throw noSuchCatalog(name);
    },
  };
}

function noted(told: { note(text: string): void }, known: KnownCatalog): KnownCatalog {
  told.note(`version ${known.version}, ${known.entries.length} ${known.entries.length === 1 ? "entry" : "entries"}`);
  return known;
}

function noSuchCatalog(name: string): BangerError {
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
