import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { operationRecord } from "../schemas/operation-record.ts";

/** Running operations and the ended ones that are still kept, newest first. */
export const operationList = defineOperation({
  name: "operation.list",
  kind: "query",
  summary: "List operations, the newest first",
  method: "GET",
  path: "/v1/operations",
  input: z.strictObject({}),
  output: z.strictObject({ operations: z.array(operationRecord) }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["operation", "list"], aliases: [["operation", "ls"]] },
  examples: [{ command: "banger operation list", does: "what runs, and what ran" }],
});
