import type { Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import { encodeFrame, encodeResize, FRAME, MAX_CHUNK_BYTES, type ExecExit } from "../contract/frames.ts";
import { GuestFrames } from "./parse-guest-frames.ts";
import type { ExecSession } from "./sdk.ts";

/** As long as an emulated guest on a busy computer may take to start a program. */
const START_DEADLINE_MS = 60_000;

/**
 * The session of a command that was sent over an upgraded connection.
 * @param startMs how long the guest may take to say that the command has started, or cannot.
 */
export function startSession(socket: Socket, startMs = START_DEADLINE_MS): ExecSession {
  const stdout = makeOutput();
  const stderr = makeOutput();
  let isOver = false;
  const send = (bytes: Uint8Array): void => {
    if (!isOver) socket.write(bytes);
  };
  // Errors of the connection come out of `exited`; writing after the end is of no interest.
  socket.on("error", () => undefined);

  const exited = pump(socket, stdout, stderr, startMs).finally(() => {
    isOver = true;
    stdout.push(null);
    stderr.push(null);
    socket.destroy();
  });
  // Who only reads the output must not be hit by an unhandled rejection.
  exited.catch(() => undefined);

  const stdin = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      let isWritable = true;
      for (let at = 0; at < chunk.length && !isOver; at += MAX_CHUNK_BYTES) {
        isWritable = socket.write(encodeFrame(FRAME.stdin, chunk.subarray(at, at + MAX_CHUNK_BYTES)));
      }
      if (isWritable || isOver) callback();
      else onceEither(socket, "drain", "close", callback);
    },
    final(callback) {
      send(encodeFrame(FRAME.stdinEnd));
      callback();
    },
  });
  return {
    stdin,
    stdout,
    stderr,
    exited,
    resize: (rows, columns) => send(encodeResize(rows, columns)),
    signal: (number) => send(encodeFrame(FRAME.signal, Uint8Array.of(number))),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Calls back once, at whichever event comes first. A command that has ended closes the socket. */
function onceEither(socket: Socket, first: string, second: string, callback: () => void): void {
  const listener = (): void => {
    socket.off(first, listener).off(second, listener);
    callback();
  };
  socket.on(first, listener).on(second, listener);
}

/** Hands the output over, at the pace of its readers, until the command has ended. */
async function pump(socket: Socket, stdout: Output, stderr: Output, startMs: number): Promise<ExecExit> {
  const frames = new GuestFrames();
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, startMs);
  try {
    for await (const chunk of socket as AsyncIterable<Uint8Array>) {
      for (const word of frames.push(chunk)) {
        clearTimeout(late);
        if (word.type === "stdout") await stdout.put(word.bytes);
        else if (word.type === "stderr") await stderr.put(word.bytes);
        else if (word.type === "exited") return word.exit;
      }
    }
  } catch (error) {
    if (error instanceof BangerError) throw error;
    throw isLate ? tooLate(startMs, error) : connectionLost(error);
  } finally {
    clearTimeout(late);
  }
  throw isLate ? tooLate(startMs) : connectionLost(undefined);
}

interface Output extends Readable {
  /** Resolves when there is room for more. */
  put(bytes: Uint8Array): Promise<void>;
}

function makeOutput(): Output {
  let wake: (() => void) | undefined;
  const readable = new Readable({
    read: () => {
      wake?.();
      wake = undefined;
    },
    destroy: (error, callback) => {
      wake?.();
      callback(error);
    },
  });
  const put = async (bytes: Uint8Array): Promise<void> => {
    if (readable.destroyed || readable.push(bytes)) return;
    await new Promise<void>((resolve) => (wake = resolve));
  };
  return Object.assign(readable, { put });
}

function tooLate(startMs: number, cause?: unknown): BangerError {
  return new BangerError(
    "timeout",
    "exec_silent",
    `cannot run the command in the vm: the guest did not say in ${startMs / 1000} s that it started`,
    { hint: "banger ps", cause },
  );
}

function connectionLost(cause: unknown): BangerError {
  return new BangerError("unavailable", "exec_broken_off", "the connection to the command was lost: the vm or the daemon has gone away", {
    hint: "banger ps",
    cause,
  });
}
