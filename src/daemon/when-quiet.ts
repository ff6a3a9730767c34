import type { Clock } from "../system/system.ts";

/** Disposal ends the waiting. */
export interface Quiet extends Disposable {
  /** Something is asked of us or has just been answered. */
  readonly noteWork: () => void;
}

/** Acts once after work, when nothing has been asked for `quietMs`. Costs no wake-up when there is no work. */
export function whenQuiet(clock: Clock, quietMs: number, act: () => void): Quiet {
  const over = new AbortController();
  let lastWork = clock.monotonicMs();
  let isWaiting = false;
  const wait = async (): Promise<void> => {
    for (let leftMs = quietMs; leftMs > 0; leftMs = lastWork + quietMs - clock.monotonicMs()) await clock.sleep(leftMs, over.signal);
    isWaiting = false;
    act();
  };
  return {
    noteWork: () => {
      lastWork = clock.monotonicMs();
      if (isWaiting || over.signal.aborted) return;
      isWaiting = true;
      wait().catch((error: unknown) => {
        if (!over.signal.aborted) throw error;
      });
    },
    [Symbol.dispose]: () => over.abort(),
  };
}
