/**
 * What an operation says while it runs. Events are numbered from 0 without gaps, stored as they happen, and can be read
 * again from any number. The last event of an operation is its `outcome`; nothing follows it.
 */
import { z } from "zod";

const problem = z.strictObject({
  code: z.string(),
  path: z.string(),
  message: z.string(),
  hint: z.string().exactOptional(),
});

/** A failure as data; see `contract/errors.ts`. */
export const errorShape = z.strictObject({
  code: z.string(),
  kind: z.enum(["invalid", "not_found", "exists", "refused", "unsupported", "unavailable", "timeout", "cancelled", "bug"]),
  message: z.string(),
  hint: z.string().exactOptional(),
  problems: z.array(problem).readonly().exactOptional(),
  data: z.record(z.string(), z.unknown()).readonly().exactOptional(),
});

const stageStarted = z.strictObject({ type: z.literal("stage-started"), stage: z.string() });
/** `elapsedMs` counts from the start of the stage; `note` says what was found, in a few words. */
const stageFinished = z.strictObject({
  type: z.literal("stage-finished"),
  stage: z.string(),
  elapsedMs: z.number(),
  note: z.string().exactOptional(),
});
/** The stage was cut off, by a failure or a cancellation; the outcome says by which. */
const stageFailed = z.strictObject({ type: z.literal("stage-failed"), stage: z.string(), elapsedMs: z.number() });
/** Bytes or items done so far of the running stage; `total` absent when unknown. `waitingFor` names what is not done, where that helps. */
const progress = z.strictObject({
  type: z.literal("progress"),
  stage: z.string(),
  done: z.number(),
  total: z.number().exactOptional(),
  unit: z.enum(["bytes", "items"]),
  waitingFor: z.string().exactOptional(),
});
/** Something the user should read once: which acceleration runs, what a fallback exposes. */
const notice = z.strictObject({ type: z.literal("notice"), message: z.string() });
/** Lines that a program printed in the running stage. */
const output = z.strictObject({ type: z.literal("output"), lines: z.array(z.string()).readonly() });
/** The notice that a wish to cancel was heard: the outcome may be a while. */
export const ASKED_TO_STOP = "asked to stop";
const success = z.strictObject({ type: z.literal("outcome"), ok: z.literal(true), output: z.unknown() });
const failure = z.strictObject({ type: z.literal("outcome"), ok: z.literal(false), error: errorShape });

/** What happened, without its number. */
export const eventBody = z.discriminatedUnion("type", [
  stageStarted,
  stageFinished,
  stageFailed,
  progress,
  notice,
  output,
  z.discriminatedUnion("ok", [success, failure]),
]);
export type EventBody = z.output<typeof eventBody>;

/** An event's number, and when it happened in milliseconds since the epoch. */
const numbered = { seq: z.int().min(0), at: z.number() };

/** One line of the NDJSON stream. */
export const operationEvent = z.discriminatedUnion("type", [
  stageStarted.extend(numbered),
  stageFinished.extend(numbered),
  stageFailed.extend(numbered),
  progress.extend(numbered),
  notice.extend(numbered),
  output.extend(numbered),
  z.discriminatedUnion("ok", [success.extend(numbered), failure.extend(numbered)]),
]);
export type OperationEvent = EventBody & { readonly seq: number; readonly at: number };
