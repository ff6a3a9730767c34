import type { ClientHttp2Session } from "node:http2";
import type { Clock } from "../system/system.ts";

export interface KeepAliveTimes {
  /** Between two pings, at most. */
  readonly pingEveryMs: number;
  /** A ping that took longer means that the guest is gone. */
  readonly pingDeadlineMs: number;
}

/** Idle guests cost one wake-up in 15 s. Emulated guests under load have been seen to stand still for seconds. */
export const KEEP_ALIVE_TIMES: KeepAliveTimes = { pingEveryMs: 15_000, pingDeadlineMs: 30_000 };

/** Pings until a ping stays without answer, and resolves then; or, without a word, when the signal aborts. */
export async function keepAlive(
  session: ClientHttp2Session,
  clock: Clock,
  times: KeepAliveTimes,
  signal: AbortSignal,
): Promise<"silent" | "stopped"> {
  while (!signal.aborted) {
    if (!(await answersInTime(session, clock, times.pingDeadlineMs, signal))) return signal.aborted ? "stopped" : "silent";
    // All guests are asked at the same moments: many cost hardly more wake-ups than one.
    await pause(clock, Math.ceil(times.pingEveryMs - (clock.monotonicMs() % times.pingEveryMs)), signal);
  }
  return "stopped";
}

async function answersInTime(session: ClientHttp2Session, clock: Clock, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
  const answered = new AbortController();
  const answer = new Promise<boolean>((resolve) => {
    if (session.destroyed) return resolve(false);
    session.ping((error) => resolve(error === null));
  });
  const tooLate = pause(clock, deadlineMs, AbortSignal.any([answered.signal, signal])).then(() => false);
  const inTime = await Promise.race([answer, tooLate]);
  answered.abort();
  return inTime;
}

/** Sleeps, or wakes early when aborted: both are the end of the wait. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return clock.sleep(ms, signal).catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown;
  });
}
