/**
 * What an operation says while it runs. Events are numbered from 0 without gaps, stored as they happen, and can be read
 * again from any number. The last event of an operation is its `outcome`; nothing follows it.
 */
import { z } from "zod";

const problem = z.strictObject({
  code: z.string(),
  path: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** A failure as data; see `contract/errors.ts`. */
export const errorShape = z.strictObject({
  code: z.string(),
  kind: z.enum(["invalid", "not_found", "exists", "refused", "unsupported", "unavailable", "timeout", "cancelled", "bug"]),
  message: z.string(),
  hint: z.string().optional(),
  problems: z.array(problem).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

/** What happened, without its number. */
export const eventBody = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("stage-started"), stage: z.string() }),
  /** `elapsedMs` counts from the start of the stage; `note` says what was found, in a few words. */
  z.strictObject({ type: z.literal("stage-finished"), stage: z.string(), elapsedMs: z.number(), note: z.string().optional() }),
  /** Bytes or items done so far of the running stage; `total` absent when unknown. */
  z.strictObject({
    type: z.literal("progress"),
    stage: z.string(),
    done: z.number(),
    total: z.number().optional(),
    unit: z.enum(["bytes", "items"]),
  }),
  /** Something the user should read once: which acceleration runs, what a fallback exposes. */
  z.strictObject({ type: z.literal("notice"), message: z.string() }),
  z.discriminatedUnion("ok", [
    z.strictObject({ type: z.literal("outcome"), ok: z.literal(true), output: z.unknown() }),
    z.strictObject({ type: z.literal("outcome"), ok: z.literal(false), error: errorShape }),
  ]),
]);
export type EventBody = z.output<typeof eventBody>;

/** One line of the NDJSON stream. `at` is milliseconds since the epoch. */
export type OperationEvent = EventBody & { readonly seq: number; readonly at: number };
