import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { catalog } from "../schemas/catalog.ts";
import { catalogName } from "../schemas/catalog-names.ts";

/** Fetches a catalog that was added or stands in the config. */
export const catalogUpdate = defineOperation({
  name: "catalog.update",
  kind: "long",
  summary: "Fetch catalogs anew",
  detail: "What is older than what was seen before, has expired or is signed by nobody who is believed changes nothing.",
  method: "POST",
  path: "/v1/catalogs/:catalog/update",
  input: z.strictObject({ catalog: catalogName }),
  output: catalog,
  stages: ["wait", "fetch"],
  errors: [
    "catalog_not_found",
    "catalog_busy",
    "catalog_missing",
    "catalog_badly_signed",
    "catalog_older",
    "catalog_keys_missing",
    "other_catalog",
    "catalog_expired",
    "clock_behind",
    "catalog_not_understood",
  ],
  fields: { catalog: { brief: "name of the catalog", placeholder: "NAME" } },
  cli: { words: ["catalog", "update"], positional: ["catalog"], repeat: "catalog", composed: true },
  examples: [
    { command: "banger catalog update acme", does: "ask for its newest version" },
    { command: "banger catalog update", does: "all that were added or stand in the config" },
  ],
});
