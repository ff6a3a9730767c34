import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import {
  encodeFrame,
  encodeJsonFrame,
  FRAME,
  FrameReader,
  MAX_CHUNK_BYTES,
  type ExecExit,
  type ExecSpec,
  type Frame,
} from "../contract/frames.ts";
import { exitOf, notStarted } from "./exec-answers.ts";
import { framesOf } from "./frames-of.ts";
import { guestGarbled } from "./guest-errors.ts";

const DEFAULT_OUTPUT_BYTES = 1024 * 1024;

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  /** Of stdout and stderr each; more ends the command. 1 MiB unless given. */
  readonly maxOutputBytes?: number;
}

export interface CommandResult {
  readonly exit: ExecExit;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * Runs one command over a fresh exec stream and keeps what it prints. Rejects when it cannot start (`refused`, with the agent's
 * words), when it prints too much, and when the stream breaks; a non-zero exit is a result. The stream is used up afterwards.
 */
export async function runCommand(stream: Duplex, spec: ExecSpec, options: CommandOptions = {}): Promise<CommandResult> {
  const output = new CommandOutput(options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES);
  try {
    stream.write(encodeJsonFrame(FRAME.spec, spec));
    for (const chunk of inputFrames(options.input)) stream.write(chunk);
    const reader = new FrameReader();
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      for (const frame of framesOf(reader, chunk)) {
        const exit = output.take(frame);
        if (exit !== undefined) return { exit, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
      }
    }
    throw guestGarbled("a command's stream ended before the command did");
  } finally {
    stream.destroy();
  }
}

class CommandOutput {
  readonly stdout: Uint8Array[] = [];
  readonly stderr: Uint8Array[] = [];
  readonly #maxBytes: number;
  readonly #bytes = { stdout: 0, stderr: 0 };

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How the command ended, once it has. */
  take({ type, payload }: Frame): ExecExit | undefined {
    switch (type) {
      case FRAME.started:
        return undefined;
      case FRAME.stdout:
        return this.#keep("stdout", payload);
      case FRAME.stderr:
        return this.#keep("stderr", payload);
      case FRAME.exited:
        return exitOf(payload);
      case FRAME.failed:
        throw notStarted(payload);
      default:
        throw guestGarbled(`it sent a frame of type ${type}, which only a host sends`);
    }
  }

  #keep(name: "stdout" | "stderr", payload: Uint8Array): undefined {
    this.#bytes[name] += payload.length;
    if (this.#bytes[name] > this.#maxBytes) {
      throw new BangerError(
        "refused",
        "output_too_long",
        `gave up on the command in the guest: its ${name} is longer than ${this.#maxBytes} bytes`,
      );
    }
    this[name].push(payload);
  }
}

function* inputFrames(input: string | Uint8Array = new Uint8Array()): Generator<Uint8Array> {
  const bytes = Buffer.from(input);
  for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) yield encodeFrame(FRAME.stdin, bytes.subarray(at, at + MAX_CHUNK_BYTES));
  yield encodeFrame(FRAME.stdinEnd);
}
