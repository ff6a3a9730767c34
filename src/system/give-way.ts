/** A program that takes long, and at which nobody looks, leaves the processors to those who are waited for. */
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

/** About a tenth of the share of others, when they want it; all of it when they do not. */
const NICENESS = 10;

/**
 * Of a child that leads a session of its own. Where the kernel shares processors out among sessions first (CONFIG_SCHED_AUTOGROUP), a
 * niceness counts within one, and the session has another. What cannot be had is done without.
 */
export function giveWay(pid: number): void {
  for (const set of [() => writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS)), () => setPriority(pid, NICENESS)]) {
    try {
      set();
    } catch {
      // It has ended, the kernel has no such groups, or it has been asked too often: once in 100 ms, by all users together.
    }
  }
}
