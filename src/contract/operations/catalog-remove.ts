import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { catalogName } from "../schemas/catalog-names.ts";

/** Forgets a catalog; what was pulled from it stays. */
export const catalogRemove = defineOperation({
  name: "catalog.remove",
  kind: "change",
  summary: "Remove a catalog",
  detail: "What was pulled from it stays. What was believed of it is forgotten.",
  method: "DELETE",
  path: "/v1/catalogs/:catalog",
  input: z.strictObject({ catalog: catalogName }),
  output: z.strictObject({ catalog: z.string() }),
  stages: [],
  errors: ["catalog_not_found", "catalog_in_config"],
  fields: { catalog: { brief: "name of the catalog", placeholder: "NAME" } },
  cli: { words: ["catalog", "remove"], aliases: [["catalog", "rm"]], positional: ["catalog"], repeat: "catalog" },
  examples: [{ command: "banger catalog remove acme", does: "believe it no more" }],
});
