/** Ends a transfer that has gone quiet. */
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";

export interface Watchdog {
  /** Aborted when the other signal is, or when nothing came for too long. */
  readonly signal: AbortSignal;
  /** Something came. */
  feed(): void;
  close(): void;
}

export function openWatchdog(clock: Clock, stallMs: number, outer: AbortSignal): Watchdog {
  const controller = new AbortController();
  const closed = new AbortController();
  let fedAt = clock.monotonicMs();
  const watch = async (): Promise<void> => {
    for (;;) {
      const quietMs = clock.monotonicMs() - fedAt;
      if (quietMs >= stallMs) break;
      await clock.sleep(stallMs - quietMs, closed.signal);
    }
    const seconds = Math.round(stallMs / 1000);
    controller.abort(new BangerError("unavailable", "mirror_unreachable", `the mirror sent nothing for ${seconds} s`));
  };
  // The only way to reject is `close`, which is how it is meant to end.
  watch().catch(() => undefined);
  return {
    signal: AbortSignal.any([outer, controller.signal]),
    feed: () => {
      fedAt = clock.monotonicMs();
    },
    close: () => closed.abort(),
  };
}
