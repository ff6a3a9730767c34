import type { Socket } from "node:net";
import type { Hello } from "./agent.ts";
import { abortReason, connectionLost } from "./guest-errors.ts";
import { parseHello } from "./hello.ts";
import { SyncedReader } from "./synced-reader.ts";

/** Fills any frame that an earlier host left unfinished, and then shows as an impossible header (`docs/wire.md`). */
const RESET_BYTES = 32_768;

/**
 * Begins a session on a fresh byte stream. Resolves with the guest's hello, with the stream standing right behind its line.
 * On failure the socket is destroyed.
 */
export async function shakeHands(socket: Socket, nonce: string, signal: AbortSignal): Promise<Hello> {
  try {
    const answer = readSynced(socket, nonce, signal);
    socket.write(Buffer.alloc(RESET_BYTES));
    socket.write(`banger-sync ${nonce}\n`);
    return parseHello(await answer);
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

/**
 * Reads with `readable` and exact sizes. A socket that was read in `data` mode, paused and unshifted does not tell Bun's HTTP/2
 * client when its other end dies, and bytes read too far could not be given back.
 */
function readSynced(socket: Socket, nonce: string, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const reader = new SyncedReader(nonce);
  const onReadable = (): void => {
    try {
      const line = drain(socket, reader);
      if (line !== undefined) resolve(line);
    } catch (thrown) {
      reject(thrown);
    }
  };
  const onError = (cause: Error): void => reject(connectionLost("the connection broke before it answered", cause));
  const onEnd = (): void => reject(connectionLost("the connection ended before it answered"));
  const onAbort = (): void => reject(abortReason(signal, "cannot reach the guest agent"));
  socket.on("readable", onReadable).on("error", onError).on("end", onEnd).on("close", onEnd);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd);
    signal.removeEventListener("abort", onAbort);
    // The error listener stays: a socket without one ends the whole process.
  });
}

function drain(socket: Socket, reader: SyncedReader): Uint8Array | undefined {
  while (socket.readableLength > 0) {
    const chunk = socket.read(Math.min(reader.wanted, socket.readableLength)) as Buffer | null;
    if (chunk === null) return undefined;
    const line = reader.push(chunk);
    if (line !== undefined) return line;
  }
  // Asks the socket for more; without it `readable` does not come again.
  socket.read(0);
  return undefined;
}
