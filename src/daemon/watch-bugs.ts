import type { Log } from "../system/system.ts";

/**
 * Logs what was thrown where nobody catches, and lets the process go on: one mistake must not take along every other operation. Vms
 * would run on, and what is on disk is made to survive an end at any line, but not what clients are waiting for.
 */
export function watchBugs(log: Pick<Log, "error">): Disposable {
  const report = (error: unknown): void => log.error("a bug: nobody caught this", { error });
  process.on("uncaughtException", report).on("unhandledRejection", report);
  return { [Symbol.dispose]: () => void process.off("uncaughtException", report).off("unhandledRejection", report) };
}
