import { makeRandom, SEED } from "./random.ts";

export { SEED } from "./random.ts";

/**
 * Chance that can be repeated: `BANGER_TEST_SEED` sets the seed, and every test that uses chance prints it. `BANGER_TEST_FULL` asks
 * for the whole instead of a sample.
 */
export const isFull = process.env["BANGER_TEST_FULL"] !== undefined;

export interface Chance {
  /** An integer from 0 up to, not including, `below`. */
  below(below: number): number;
  pick<T>(values: readonly T[]): T;
  bytes(count: number): Buffer;
}

/** Choices that a seed repeats. */
export function makeChance(seed: number = SEED): Chance {
  const below = makeRandom(seed);
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
