import { BangerError } from "../contract/errors.ts";
import { findDaemonNote, isStopped } from "./is-daemon-up.ts";

export interface Patience {
  /** How long an answer may take before it is looked whether the daemon answers at all. */
  readonly answerMs: number;
  /** How long that may take. */
  readonly probeMs: number;
}

export const PATIENCE: Patience = { answerMs: 3000, probeMs: 7000 };

/**
 * Waits for an answer, which may take long where a guest or a disk is asked. Meanwhile the daemon is asked again and again for something that it
 * answers at once: when that stays without an answer, it hangs, and would be waited for without end. Throws `unavailable` `daemon_silent`.
 */
export async function orSilent<T>(
  answer: Promise<T>,
  probe: (signal: AbortSignal) => Promise<unknown>,
  notePath: string | undefined,
  { answerMs, probeMs }: Patience = PATIENCE,
): Promise<T> {
  for (;;) {
    const early = await firstOf(answer, answerMs);
    if (early !== undefined) return early.value;
    const deadline = AbortSignal.timeout(probeMs);
    // Refused, cut off: whatever it is, it is an answer, and the one that is waited for will tell.
    const probed = probe(deadline).catch(() => undefined);
    const late = await Promise.race([answer.then((value) => ({ value })), probed.then(() => undefined)]);
    if (late !== undefined) return late.value;
    if (deadline.aborted) throw silent(notePath);
  }
}

async function firstOf<T>(answer: Promise<T>, ms: number): Promise<{ readonly value: T } | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([answer.then((value) => ({ value })), over]);
  } finally {
    clearTimeout(timer);
  }
}

function silent(notePath: string | undefined): BangerError {
  const pid = notePath === undefined ? undefined : findDaemonNote(notePath)?.pid;
  if (pid === undefined) {
    return new BangerError("unavailable", "daemon_silent", "the banger daemon does not answer", { hint: "banger daemon logs" });
  }
  const [why, hint] = isStopped(pid)
    ? [`it was stopped (pid ${pid})`, `kill -CONT ${pid}`]
    : [`it hangs (pid ${pid})`, `kill -KILL ${pid}; vms run on, and the next command starts another one`];
  return new BangerError("unavailable", "daemon_silent", `the banger daemon does not answer: ${why}`, { hint });
}
