import { BangerError } from "../contract/errors.ts";
import type { Clock } from "../system/system.ts";

/** A signal that aborts with the caller's, or with a `timeout` after `ms`. Disposal ends the timer. */
export function startDeadline(clock: Clock, ms: number, signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const finished = new AbortController();
  clock.sleep(ms, finished.signal).then(
    () => late.abort(new BangerError("timeout", "guest_silent", `cannot reach the guest agent: it did not answer in ${ms / 1000} s`)),
    (thrown: unknown) => {
      if (!finished.signal.aborted) late.abort(thrown);
    },
  );
  return {
    signal: AbortSignal.any([signal, late.signal]),
    [Symbol.dispose]: () => finished.abort(),
  };
}
