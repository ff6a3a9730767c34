import { closeSync, writeSync } from "node:fs";
import { toErrorShape } from "../contract/errors.ts";
import type { Readiness } from "../contract/readiness.ts";

/** Tells who started the daemon, on the descriptor that was handed over for it; once. */
export function makeTellReady(descriptor: number | undefined): (outcome: { readonly pid: number } | { readonly failure: unknown }) => void {
  let isOpen = descriptor !== undefined;
  return (outcome) => {
    if (!isOpen || descriptor === undefined) return;
    isOpen = false;
    const line: Readiness = "pid" in outcome ? { ready: true, pid: outcome.pid } : { ready: false, error: toErrorShape(outcome.failure) };
    try {
      writeSync(descriptor, `${JSON.stringify(line)}\n`);
      closeSync(descriptor);
    } catch (error) {
      // Who started us has gone away; the daemon is of use all the same.
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
    }
  };
}
