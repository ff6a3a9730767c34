/** Time, and the id of this boot. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./system.ts";

export function makeClock(): Clock {
  let bootId: string | undefined;
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: async (ms, signal) => {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    },
    bootId: () => (bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  };
}
