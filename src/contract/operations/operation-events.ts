import { z } from "zod";
import { operationEvent } from "../events.ts";
import { defineOperation } from "../operation.ts";
import { operationRef } from "../schemas/operation-record.ts";

/** The events of an operation from a number to its outcome, as they happen. */
export const operationEvents = defineOperation({
  name: "operation.events",
  kind: "events",
  summary: "Follow the events of an operation to its outcome",
  method: "GET",
  path: "/v1/operations/:operation/events",
  input: z.strictObject({ operation: operationRef, from: z.int().min(0).default(0) }),
  output: operationEvent,
  stages: [],
  errors: ["operation_not_found"],
  fields: {
    operation: { brief: "id of the operation", placeholder: "ID", completes: "operation" },
    from: { brief: "number of the first event to show", placeholder: "N" },
  },
  cli: { words: ["operation", "events"], positional: ["operation"] },
  examples: [{ command: "banger operation events 00c0ffee00c0ffee", does: "see what it did, and follow it to its end" }],
});
