import { expect, test } from "bun:test";
import { makeClock } from "../system/clock.ts";
import type { Clock } from "../system/system.ts";
import { whenQuiet } from "./when-quiet.ts";

/** A clock that stands still until it is moved; one sleeper at a time. */
function makeStill(): Clock & { move(ms: number): Promise<void>; readonly sleeps: number } {
  let now = 1000;
  let sleeps = 0;
  let sleeper: { readonly until: number; readonly wake: () => void } | undefined;
  return {
    ...makeClock(),
    get sleeps() {
      return sleeps;
    },
    monotonicMs: () => now,
    sleep: (ms, signal) => {
      sleeps += 1;
      return new Promise((wake, reject) => {
        sleeper = { until: now + ms, wake };
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      });
    },
    move: async (ms) => {
      now += ms;
      if (sleeper !== undefined && sleeper.until <= now) sleeper.wake();
      await Bun.sleep(0);
    },
  };
}

test("acts once after work, and not before it is quiet", async () => {
  const clock = makeStill();
  let acts = 0;
  using quiet = whenQuiet(clock, 100, () => (acts += 1));
  await clock.move(1000);
  expect([acts, clock.sleeps]).toEqual([0, 0]);
  quiet.noteWork();
  await clock.move(60);
  quiet.noteWork();
  await clock.move(60);
  expect(acts).toBe(0);
  await clock.move(40);
  expect(acts).toBe(1);
  await clock.move(1000);
  expect([acts, clock.sleeps]).toEqual([1, 2]);
  quiet.noteWork();
  await clock.move(100);
  expect(acts).toBe(2);
});

test("does not act when it is over", async () => {
  const clock = makeStill();
  let acts = 0;
  const quiet = whenQuiet(clock, 100, () => (acts += 1));
  quiet.noteWork();
  quiet[Symbol.dispose]();
  await clock.move(1000);
  quiet.noteWork();
  await clock.move(1000);
  expect([acts, clock.sleeps]).toEqual([0, 1]);
});
