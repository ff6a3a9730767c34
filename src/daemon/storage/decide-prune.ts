/** What may go goes, but for what budgets keep. Pure. */

export interface Budgets {
  /** Milliseconds; what was used less long ago stays. */
  readonly olderThanMs: number | undefined;
  /** Bytes that may stay, the newest first. */
  readonly keepBytes: number | undefined;
  /** Milliseconds since the epoch; what was used at that time or later stays. */
  readonly before: number | undefined;
}

interface Aged {
  readonly usedBytes: number;
  readonly usedAt: number;
}

/** Those that go, in the order given. */
export function decidePrune<T extends Aged>(
  candidates: readonly T[],
  { olderThanMs, keepBytes, before }: Budgets,
  nowMs: number,
): readonly T[] {
  const limit = Math.min(before ?? Infinity, olderThanMs === undefined ? Infinity : nowMs - olderThanMs);
  const old = candidates.filter(({ usedAt }) => usedAt < limit);
  if (keepBytes === undefined) return old;
  // What is too new to go counts too: the budget is for all that is kept.
  let left = candidates.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  const going = new Set<T>();
  for (const candidate of old.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (left <= keepBytes) break;
    going.add(candidate);
    left -= candidate.usedBytes;
  }
  return old.filter((candidate) => going.has(candidate));
}
