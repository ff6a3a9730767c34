/** Work on the many bytes of a kernel, a piece at a time: others are served in between. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** Takes half a millisecond or so. */
const PIECE_BYTES = 2 ** 20;

/** In hex. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    hash.update(bytes.subarray(at, at + PIECE_BYTES));
    await setImmediate();
  }
  return hash.digest("hex");
}

/** All parts as one. */
export async function join(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let [at, lastRest] = [0, 0];
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
    if (at - lastRest < PIECE_BYTES) continue;
    lastRest = at;
    await setImmediate();
  }
  return whole;
}
