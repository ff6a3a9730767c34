import type { Clock, Random } from "../system/system.ts";

/** The real clock and chance for tests of this room, which need nothing else of `System`. */
export const testSystem: { readonly clock: Clock; readonly random: Random } = {
  clock: {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    bootId: () => "test",
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  },
  random: {
    hex: (bytes) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex"),
    below: (below) => Math.floor(Math.random() * below),
  },
};
