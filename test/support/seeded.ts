/**
 * Chance that can be repeated: `BANGER_TEST_SEED` sets the seed, and every test that uses chance prints it. `BANGER_TEST_FULL` asks
 * for the whole instead of a sample.
 */
export const SEED = Number(process.env["BANGER_TEST_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
export const isFull = process.env["BANGER_TEST_FULL"] !== undefined;

export interface Chance {
  /** An integer from 0 up to, not including, `below`. */
  below(below: number): number;
  pick<T>(values: readonly T[]): T;
  bytes(count: number): Buffer;
}

/** A small generator of numbers that a seed repeats (mulberry32). */
export function makeChance(seed: number = SEED): Chance {
  let state = seed;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    pick: <T>(values: readonly T[]) => values[below(values.length)] as T,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
}

/** The resident memory of a process, in bytes. */
export async function memoryOf(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await Bun.file(`/proc/${pid}/status`).text())?.[1];
  return Number(kib) * 1024;
}
