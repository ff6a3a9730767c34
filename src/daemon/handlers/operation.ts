import type { OperationRecordShape } from "../../contract/schemas/operation-record.ts";
import type { OperationRecord } from "../../operations/operations.ts";
import type { HandlersOf } from "../handler.ts";

export const operationHandlers: HandlersOf<"operation"> = {
  "operation.list": ({ operations }) => ({ operations: operations.list().map(shapeOf) }),
  "operation.show": ({ operations }, input) => shapeOf(operations.get(input.operation)),
  "operation.cancel": async ({ operations }, input) => shapeOf(await operations.cancel(input.operation)),
  "operation.events": ({ operations }, input, signal) => {
    // An unknown id is told before the stream begins.
    operations.get(input.operation);
    return operations.watch(input.operation, input.from, signal);
  },
};

function shapeOf(record: OperationRecord): OperationRecordShape {
  return { ...record, endedAt: record.endedAt ?? null, error: record.error ?? null };
}
