/** What the logs of a vm look like from outside. */
import { z } from "zod";
import { errorShape } from "../events.ts";
import { parseSince, type Since } from "../parse-since.ts";

/** `guest` is kept inside the guest, the others on the host. */
export const LOG_SOURCES = ["console", "agent", "vmm", "network", "guest"] as const;
export type LogSource = (typeof LOG_SOURCES)[number];

/**
 * A part of a log on the host. Its bytes have offsets that never change; a log that is read on from `endOffset` has no byte missing
 * and none twice. Where `offset` is more than what was asked for, the bytes between are gone.
 */
const hostPart = z.strictObject({
  source: z.enum(["console", "agent", "vmm", "network"]),
  /** As the guest wrote it: show it escaped. Bytes that are no UTF-8 are U+FFFD. Of `agent`, the lines that are the agent's. */
  text: z.string(),
  /** Of the first byte that was looked at. */
  offset: z.number(),
  /** Behind the last byte that was looked at; a character is never cut. */
  endOffset: z.number(),
  /** What is older is gone. */
  firstOffset: z.number(),
  /** Where the log ended at that moment. */
  logEndOffset: z.number(),
});

/** A part of the guest's own log, of whole lines. It goes on behind `cursor`, which only the guest understands. */
const guestPart = z.strictObject({
  source: z.literal("guest"),
  text: z.string(),
  cursor: z.string().nullable(),
  /** Whether there was more behind it than was asked for. */
  hasMore: z.boolean(),
});

export const logPart = z.discriminatedUnion("source", [hostPart, guestPart]);
export type HostLogPart = z.output<typeof hostPart>;
export type GuestLogPart = z.output<typeof guestPart>;
export type LogPart = z.output<typeof logPart>;

/** A line of a followed log: parts, and at the end either why there will be no more, or what went wrong. */
export const followedLine = z.union([
  logPart,
  z.strictObject({
    /** The state that the vm is in now, or `deleted`. */
    ended: z.string(),
    /** What it is called now. */
    name: z.string(),
  }),
  z.strictObject({ error: errorShape }),
]);
export type FollowedLine = z.output<typeof followedLine>;

export const since = z
  .string()
  .transform((value, context): Since => {
    const parsed = parseSince(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is no moment; write it like 10m or 2026-11-25T14:00:00Z` });
    return z.NEVER;
  })
  .meta({ description: "How long ago, such as 10m, or a point in time by RFC 3339.", "x-kind": "string" });

/** A place in a guest's own log, as the guest named it. */
export const cursor = z
  .string()
  .max(512)
  .regex(/^[!-~]+$/, "a cursor is what an earlier answer gave");

/** An offset in a log on the host. */
export const offset = z.int().min(0);
