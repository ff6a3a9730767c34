import type { Duplex } from "node:stream";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader, MAX_CHUNK_BYTES, type ExecExit, type ExecSpec } from "../contract/frames.ts";
import { exitOf, notStarted } from "./exec-answers.ts";
import { framesOf } from "./frames-of.ts";
import { guestGarbled } from "./guest-errors.ts";

/** A longer line is given in parts. */
const LONGEST_LINE_CHARACTERS = 8 * 1024;

/**
 * Runs one command over a fresh exec stream and gives the lines of stdout and stderr as they come, each line as the guest wrote it, of which a
 * carriage return leaves what comes after it. Resolves with how it ended. Rejects when it cannot start, and when the stream breaks.
 */
export async function streamCommand(
  stream: Duplex,
  spec: ExecSpec,
  input: Uint8Array,
  onLines: (lines: readonly string[]) => void,
): Promise<ExecExit> {
  try {
    stream.write(encodeJsonFrame(FRAME.spec, spec));
    for (let at = 0; at < input.length; at += MAX_CHUNK_BYTES)
      stream.write(encodeFrame(FRAME.stdin, input.subarray(at, at + MAX_CHUNK_BYTES)));
    stream.write(encodeFrame(FRAME.stdinEnd));
    const reader = new FrameReader();
    const outputs = new Map([FRAME.stdout, FRAME.stderr].map((type) => [type as number, new Lines(onLines)]));
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      for (const { type, payload } of framesOf(reader, chunk)) {
        outputs.get(type)?.take(payload);
        if (type === FRAME.failed) throw notStarted(payload);
        if (type !== FRAME.exited) continue;
        for (const output of outputs.values()) output.end();
        return exitOf(payload);
      }
    }
    throw guestGarbled("a command's stream ended before the command did");
  } finally {
    stream.destroy();
  }
}

class Lines {
  readonly #decoder = new TextDecoder();
  readonly #onLines: (lines: readonly string[]) => void;
  #rest = "";

  constructor(onLines: (lines: readonly string[]) => void) {
    this.#onLines = onLines;
  }

  take(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    while (this.#rest.length > LONGEST_LINE_CHARACTERS) {
      lines.push(this.#rest.slice(0, LONGEST_LINE_CHARACTERS));
      this.#rest = this.#rest.slice(LONGEST_LINE_CHARACTERS);
    }
    if (lines.length > 0) this.#onLines(lines.map(lastOf));
  }

  end(): void {
    const rest = lastOf(this.#rest + this.#decoder.decode());
    if (rest !== "") this.#onLines([rest]);
  }
}

/** What a terminal would show of it at last. */
function lastOf(line: string): string {
  return (
    line
      .split("\r")
      .findLast((part) => part !== "")
      ?.slice(0, LONGEST_LINE_CHARACTERS) ?? ""
  );
}
