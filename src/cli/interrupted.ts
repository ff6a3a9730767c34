import { constants } from "node:os";
import { BangerError } from "../contract/errors.ts";

/** What we were asked to end by, and what comes of it: the work is cancelled, and the program ends as one that this signal ended. */
export const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type Interrupt = (typeof INTERRUPTS)[number];

/** The exit code of a program that a signal ended. */
export function codeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** A failure that is the outcome of a signal to us: its exit code is the signal's. */
export class InterruptedError extends BangerError {
  readonly exitCode: number;

  constructor({ kind, code, message, hint, problems, data }: BangerError, signal: Interrupt) {
    super(kind, code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(problems === undefined ? {} : { problems }),
      ...(data === undefined ? {} : { data }),
    });
    this.exitCode = codeOfSignal(signal);
  }
}
