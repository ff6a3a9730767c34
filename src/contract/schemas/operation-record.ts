/** What an operation looks like from outside. */
import { z } from "zod";
import { errorShape } from "../events.ts";

export const OPERATION_STATES = ["running", "done", "failed", "cancelled"] as const;

export const operationRecord = z.strictObject({
  /** 16 hex digits. */
  id: z.string(),
  /** The verb: `vm.create`. */
  name: z.string(),
  /** What it is about: a name as it was given, or empty. */
  subject: z.string(),
  state: z.enum(OPERATION_STATES),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** Why it failed or was cancelled. */
  error: errorShape.nullable(),
});
export type OperationRecordShape = z.output<typeof operationRecord>;

/** An operation by its id. */
export const operationRef = z.string().regex(/^[0-9a-f]{16}$/, "an operation's id has 16 hex digits; `banger operation list` shows them");
