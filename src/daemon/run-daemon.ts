import type { MainOptions } from "./main.ts";
import { runUntilSignal } from "./run-until-signal.ts";
import { wire } from "./wire.ts";

/** Runs the daemon in this process, wired for use. */
export function runDaemon(environment: MainOptions["environment"], readyDescriptor: number | undefined): Promise<void> {
  return runUntilSignal({ environment, readyDescriptor, wire });
}
