import { fstatSync, writeSync } from "node:fs";
import { outputFailure } from "./output-failure.ts";

const STDOUT = 1;

/** Writes text to a descriptor, all of it. Throws `unavailable` `output_failed`; a reader that has gone away ends the program. */
export function print(descriptor: number, text: string): void {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw outputFailure(error);
      // Somebody made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

/** The columns of the terminal that stdout is; without end where it is none. */
export function widthOfOutput(): number {
  // Most are files and pipes, and the module that knows terminals takes a while to load.
  if (!isDevice(STDOUT)) return Infinity;
  return process.getBuiltinModule("node:tty").isatty(STDOUT) && process.stdout.columns > 0 ? process.stdout.columns : Infinity;
}

function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    // It is closed.
    return false;
  }
}
