/** Time that goes when a test says so, and the ways to wait for what needs none. */
import type { Clock } from "../system/system.ts";

export const BOOT_ID = "this-boot";

/** A clock that goes when it is told to. */
export interface TestClock extends Clock {
  /** How many sleep now. */
  readonly sleepers: number;
  advance(ms: number): void;
}

export function makeTestClock(real: Clock): TestClock {
  let now = 0;
  const sleeping = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    nowMs: () => real.nowMs(),
    monotonicMs: () => now,
    bootId: () => BOOT_ID,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const sleeper = { until: now + ms, wake: resolve };
      sleeping.add(sleeper);
      const abort = (): void => reject(signal?.reason as Error);
      signal?.addEventListener("abort", abort, { once: true });
      try {
        await promise;
      } finally {
        signal?.removeEventListener("abort", abort);
        sleeping.delete(sleeper);
      }
    },
    get sleepers() {
      return sleeping.size;
    },
    advance: (ms) => {
      now += ms;
      for (const { until, wake } of sleeping) if (until <= now) wake();
    },
  };
}

/** Waits for what must happen soon. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 10_000; !(await isSo()); await turn()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
  }
}

/** Lets everything happen that waits for nothing else, before a test says that something did not. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) await turn();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
