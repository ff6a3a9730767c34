import { BangerError } from "../contract/errors.ts";
import type { Clock } from "../system/system.ts";

/** Runs `body` with a signal that aborts with the caller's, or with a `timeout` after `ms`: a guest that lives need not answer. */
export async function withinDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [late, finished] = [new AbortController(), new AbortController()];
  clock.sleep(ms, finished.signal).then(
    () => late.abort(new BangerError("timeout", "guest_silent", `the guest agent did not answer in ${ms / 1000} s`)),
    () => undefined,
  );
  try {
    return await body(AbortSignal.any([signal, late.signal]));
  } finally {
    finished.abort();
  }
}
