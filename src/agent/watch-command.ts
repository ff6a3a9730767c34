import type { Duplex } from "node:stream";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader, type ExecSpec } from "../contract/frames.ts";
import { framesOf } from "./frames-of.ts";
import { guestGarbled } from "./guest-errors.ts";

/** A line above this is no line that a log has. */
const LONGEST_LINE_BYTES = 1024 * 1024;
const NEWLINE = 10;

/**
 * The lines that a command prints on its stdout, as they come: those that came together are given together. Ends with the command,
 * whose code is not asked for; throws when the stream breaks. Who stops reading ends the command.
 */
export async function* watchCommand(stream: Duplex, spec: ExecSpec): AsyncGenerator<readonly string[]> {
  try {
    stream.write(encodeJsonFrame(FRAME.spec, spec));
    stream.write(encodeFrame(FRAME.stdinEnd));
    const reader = new FrameReader();
    let rest = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      for (const { type, payload } of framesOf(reader, chunk)) {
        if (type === FRAME.exited || type === FRAME.failed) return;
        if (type !== FRAME.stdout) continue;
        const bytes = Buffer.concat([rest, payload]);
        const end = bytes.lastIndexOf(NEWLINE) + 1;
        rest = Buffer.from(bytes.subarray(end));
        if (rest.length > LONGEST_LINE_BYTES) throw guestGarbled("a command prints a line without end");
        if (end > 0) yield bytes.toString("utf8", 0, end - 1).split("\n");
      }
    }
    throw guestGarbled("a command's stream ended before the command did");
  } finally {
    stream.destroy();
  }
}
