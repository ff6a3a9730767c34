import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { catalog, catalogEntry } from "../schemas/catalog.ts";

/** All catalogs, and what they offer. */
export const catalogList = defineOperation({
  name: "catalog.list",
  kind: "query",
  summary: "List catalogs, and the kernels and images that they offer",
  method: "GET",
  path: "/v1/catalogs",
  input: z.strictObject({}),
  output: z.strictObject({ catalogs: z.array(catalog), entries: z.array(catalogEntry) }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["catalog", "list"], aliases: [["catalog", "ls"]] },
  examples: [{ command: "banger catalog list", does: "what can be pulled" }],
});
