import type { Frame, FrameReader } from "../contract/frames.ts";
import { guestGarbled } from "./guest-errors.ts";

/** The frames that a chunk of a command's stream completes. Throws `unavailable` `guest_garbled`. */
export function* framesOf(reader: FrameReader, chunk: Uint8Array): Generator<Frame> {
  try {
    yield* reader.push(chunk);
  } catch (thrown) {
    if (thrown instanceof RangeError) throw guestGarbled("a command's stream has a wrong frame", thrown);
    throw thrown;
  }
}
