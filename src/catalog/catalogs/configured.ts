/** Catalogs that stand in the config. They need nobody to add them: they are fetched when something is first looked for. */
import type { CatalogRow, CatalogRows } from "./catalog-rows.ts";
import { firstTrust } from "../trust/trust.ts";

export interface ConfiguredCatalog {
  readonly name: string;
  /** Of its `catalog.json`. */
  readonly url: string;
  /** Public keys, at least one. */
  readonly keys: readonly string[];
}

/** What is known of a catalog before it was fetched. */
export type CatalogPlan = Pick<CatalogRow, "name" | "url" | "keys" | "trust" | "isConfigured">;

export function planOf({ name, url, keys }: ConfiguredCatalog): CatalogPlan {
  return { name, url, keys, trust: firstTrust(name, keys), isConfigured: true };
}

/**
 * Makes the rows what the config says, which may have changed since the last daemon. An address may change and what was seen still counts;
 * with other keys everything begins anew, since what the old ones vouched for is believed no more. What was taken out of the config goes.
 */
export function adoptConfigured(rows: CatalogRows, configured: readonly ConfiguredCatalog[]): void {
  for (const row of rows.list()) {
    const wanted = configured.find(({ name }) => name === row.name);
    if (wanted === undefined) {
      if (row.isConfigured) rows.remove(row.name);
    } else if (!hasSame(wanted.keys, row.keys)) {
      rows.remove(row.name);
    } else if (!row.isConfigured || row.url !== wanted.url) {
      rows.write({ ...row, url: wanted.url, isConfigured: true });
    }
  }
}

function hasSame(a: readonly string[], b: readonly string[]): boolean {
  return new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === new Set(b).size;
}
