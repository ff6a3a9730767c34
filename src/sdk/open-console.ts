import { once } from "node:events";
import type { Socket } from "node:net";
import type { ConsoleEnd, ConsolePosition } from "../contract/console-frames.ts";
import { encodeFrame, FRAME, FrameReader, MAX_CHUNK_BYTES, type Frame } from "../contract/frames.ts";
import { VERBS } from "../contract/verbs.ts";
import { EXEC_PROTOCOL } from "../contract/version.ts";
import { openUpgrade } from "./open-upgrade.ts";
import type { ConsoleSession } from "./sdk.ts";

/** Attaches to the console of a vm, from an offset on or with its last lines. */
export async function openConsole(socketPath: string, version: string, vm: string, from: number | undefined): Promise<ConsoleSession> {
  const socket = await openUpgrade({ socketPath, version, verb: VERBS["vm.console"], request: { vm, from }, protocol: EXEC_PROTOCOL });
  // A connection that breaks ends the output; that it broke off is told by `ended`.
  socket.on("error", () => undefined);
  let ended: ConsoleEnd | undefined;
  const output = async function* output(): ConsoleSession["output"] {
    const reader = new FrameReader();
    let offset = 0;
    for await (const chunk of chunksOf(socket)) {
      for (const frame of reader.push(chunk)) {
        if (frame.type === FRAME.started) offset = (jsonOf(frame) as ConsolePosition).offset;
        if (frame.type === FRAME.exited) {
          ended = jsonOf(frame) as ConsoleEnd;
          return;
        }
        if (frame.type !== FRAME.stdout) continue;
        yield { offset, bytes: frame.payload };
        offset += frame.payload.length;
      }
    }
  };
  return {
    output: output(),
    get ended() {
      return ended;
    },
    type: async (bytes) => {
      if (socket.destroyed || socket.readableEnded) return false;
      for (let at = 0; at < bytes.length && !socket.destroyed; at += MAX_CHUNK_BYTES) {
        if (socket.write(encodeFrame(FRAME.stdin, bytes.subarray(at, at + MAX_CHUNK_BYTES)))) continue;
        const over = new AbortController();
        await Promise.race(["drain", "close"].map((event) => once(socket, event, { signal: over.signal }).catch(() => undefined)));
        over.abort();
      }
      return true;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Ends where the connection does, however that was. */
async function* chunksOf(socket: Socket): AsyncGenerator<Uint8Array> {
  try {
    yield* socket as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}

function jsonOf({ payload }: Frame): unknown {
  return JSON.parse(new TextDecoder().decode(payload));
}
