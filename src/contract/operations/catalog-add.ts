import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { catalog } from "../schemas/catalog.ts";
import { catalogName, publicKeyLine } from "../schemas/catalog-names.ts";

/** Fetches a catalog and keeps it, with the keys that are believed. */
export const catalogAdd = defineOperation({
  name: "catalog.add",
  kind: "long",
  summary: "Add a catalog of kernels and images",
  detail:
    "NAME is what the catalog calls itself. It is fetched at once: nothing is kept unless it is signed by a KEY, which you have from whoever keeps it, by another way than the catalog itself.",
  method: "POST",
  path: "/v1/catalogs",
  input: z.strictObject({
    name: catalogName,
    url: z.string().max(2048),
    key: z.array(publicKeyLine).min(1).max(16).meta({ "x-kind": "list" }),
  }),
  output: catalog,
  stages: ["fetch"],
  errors: [
    "catalog_exists",
    "catalog_busy",
    "bad_catalog_address",
    "bad_public_key",
    "catalog_missing",
    "catalog_badly_signed",
    "other_catalog",
    "catalog_expired",
    "clock_behind",
    "catalog_not_understood",
  ],
  fields: {
    name: { brief: "what the catalog calls itself", placeholder: "NAME" },
    url: { brief: "address of its catalog.json, or the absolute path", placeholder: "ADDRESS" },
    key: { brief: "a key that is believed, RW...; may be repeated", placeholder: "KEY" },
  },
  cli: { words: ["catalog", "add"], positional: ["name", "url"] },
  examples: [{ command: "banger catalog add acme https://acme.example/catalog.json --key RW...", does: "whose key you were told" }],
});
