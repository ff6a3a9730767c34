/** What doctor finds, as it looks from outside. */
import { z } from "zod";

export const finding = z.strictObject({
  name: z.string(),
  status: z.enum(["fine", "not used", "missing"]),
  /** What was found. */
  detail: z.string(),
  /** What to type; null when there is nothing. */
  hint: z.string().nullable(),
});
export type FindingShape = z.output<typeof finding>;

/** Something that carries banger's names and that no vm, no operation and no daemon holds. */
export const leftover = z.strictObject({
  kind: z.enum(["process", "run folder", "vm folder", "half a file", "lease"]),
  /** A pid, a path, or the kind and key of a lease. */
  what: z.string(),
  /** Why nobody holds it. */
  why: z.string(),
  /** Whether it is gone by now. */
  removed: z.boolean(),
});
export type LeftoverShape = z.output<typeof leftover>;

export const doctorReport = z.strictObject({
  /** Whether nothing is missing. */
  fine: z.boolean(),
  findings: z.array(finding),
  leftovers: z.array(leftover),
});
export type DoctorReport = z.output<typeof doctorReport>;
