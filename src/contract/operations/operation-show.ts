import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { operationRecord, operationRef } from "../schemas/operation-record.ts";

/** One operation. */
export const operationShow = defineOperation({
  name: "operation.show",
  kind: "query",
  summary: "Show one operation",
  method: "GET",
  path: "/v1/operations/:operation",
  input: z.strictObject({ operation: operationRef }),
  output: operationRecord,
  stages: [],
  errors: ["operation_not_found"],
  fields: { operation: { brief: "id of the operation", placeholder: "ID", completes: "operation" } },
  cli: { words: ["operation", "show"], positional: ["operation"] },
  examples: [{ command: "banger operation show 00c0ffee00c0ffee", does: "its state, and why it failed" }],
});
