import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { storageUse } from "../schemas/storage.ts";

/** What banger keeps on disk, by kind. */
export const systemDf = defineOperation({
  name: "system.df",
  kind: "query",
  summary: "Show what banger keeps on disk, and what could go",
  detail:
    "USED is what is allocated: disks of vms are sparse. RECLAIMABLE is what banger system prune would give back, with the flag that it takes.",
  method: "GET",
  path: "/v1/system/df",
  input: z.strictObject({}),
  output: z.strictObject({
    uses: z.array(storageUse),
    /** On the file system of the state. */
    freeBytes: z.number(),
  }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["system", "df"] },
  examples: [{ command: "banger system df", does: "how much, of what, and what could go" }],
});
