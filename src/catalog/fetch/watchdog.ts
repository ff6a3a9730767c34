/** Ends a transfer that has gone quiet, or that drips so slowly that it would never end. */
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";

export interface Watchdog {
  /** Aborted when the other signal is, or when too little came for too long. */
  readonly signal: AbortSignal;
  /** Something came. */
  feed(bytes: number): void;
  close(): void;
}

/** Less than a modem's line: nobody waits for that, but somebody who wants us to. */
const LEAST_BYTES_PER_SECOND = 1024;

/** @param stallMs how long is too long. */
export function openWatchdog(clock: Clock, stallMs: number, outer: AbortSignal): Watchdog {
  const controller = new AbortController();
  const closed = new AbortController();
  let fed = 0;
  const watch = async (): Promise<void> => {
    do {
      fed = 0;
      await clock.sleep(stallMs, closed.signal);
    } while (fed >= (LEAST_BYTES_PER_SECOND * stallMs) / 1000);
    const seconds = Math.round(stallMs / 1000);
    controller.abort(new BangerError("unavailable", "mirror_unreachable", `the mirror sent ${fed} bytes in ${seconds} s`));
  };
  // The only way to reject is `close`, which is how it is meant to end.
  watch().catch(() => undefined);
  return {
    signal: AbortSignal.any([outer, controller.signal]),
    feed: (bytes) => {
      fed += bytes;
    },
    close: () => closed.abort(),
  };
}
