import type { OperationRecordShape } from "../../contract/schemas/operation-record.ts";
import { formatAge, formatMs } from "../format.ts";
import { pairs, table } from "../table.ts";

/** `banger operation list` */
export function showOperations(operations: readonly OperationRecordShape[]): Promise<string> {
  return table(
    ["ID", "VERB", "ABOUT", "STATE", "STARTED", "TOOK", "ERROR"],
    operations.map((operation) => [
      operation.id,
      operation.name,
      operation.subject,
      operation.state,
      `${formatAge(operation.startedAt)} ago`,
      operation.endedAt === null ? "" : formatMs(operation.endedAt - operation.startedAt),
      operation.error?.code ?? "",
    ]),
  );
}

/** `banger operation show` and `banger operation cancel` */
export function showOperation(operation: OperationRecordShape): string {
  return pairs([
    ["id", operation.id],
    ["verb", operation.name],
    ["about", operation.subject],
    ["state", operation.state],
    ["started", `${formatAge(operation.startedAt)} ago`],
    ["took", operation.endedAt === null ? undefined : formatMs(operation.endedAt - operation.startedAt)],
    ["error", operation.error?.message],
    ["try", operation.error?.hint],
  ]);
}
