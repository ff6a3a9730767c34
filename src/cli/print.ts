import { writeSync } from "node:fs";
import { outputFailure } from "./output-failure.ts";

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
