import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { operationRecord, operationRef } from "../schemas/operation-record.ts";

/** Asks an operation to stop; answers with the record at its end. */
export const operationCancel = defineOperation({
  name: "operation.cancel",
  kind: "change",
  summary: "Cancel an operation and wait for its end",
  method: "POST",
  path: "/v1/operations/:operation/cancel",
  input: z.strictObject({ operation: operationRef }),
  output: operationRecord,
  stages: [],
  errors: ["operation_not_found"],
  fields: { operation: { brief: "id of the operation", placeholder: "ID", completes: "operation" } },
  cli: { words: ["operation", "cancel"], positional: ["operation"] },
  examples: [{ command: "banger operation cancel 00c0ffee00c0ffee", does: "stop what it does and undo it" }],
});
