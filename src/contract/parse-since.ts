import { parseDuration } from "./sizes.ts";

/** A moment: so long ago, or a point in time in milliseconds since the epoch. */
export type Since = { readonly agoMs: number } | { readonly atMs: number };

/** RFC 3339, with a zone: nobody shall have to guess whose midnight is meant. */
const POINT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** A moment as it is asked for: `10m`, or `2026-11-25T14:00:00Z`. Undefined when it is neither. */
export function parseSince(text: string): Since | undefined {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return { agoMs };
  const atMs = POINT.test(text) ? Date.parse(text.toUpperCase().replace(" ", "T")) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : { atMs };
}

/** That moment in milliseconds since the epoch. */
export function momentOf(since: Since, nowMs: number): number {
  return "atMs" in since ? since.atMs : nowMs - since.agoMs;
}
