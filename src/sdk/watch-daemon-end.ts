import { once } from "node:events";
import net from "node:net";
import { unreachable } from "./unreachable.ts";

/** Connects to the daemon; `ended` resolves when its process is gone, which the end of an idle connection tells. */
export async function watchDaemonEnd(socketPath: string): Promise<Disposable & { readonly ended: Promise<void> }> {
  const socket = net.connect(socketPath);
  try {
    await once(socket, "connect");
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  socket.on("error", () => undefined);
  socket.resume();
  const ended = once(socket, "close").then(() => undefined);
  return { ended, [Symbol.dispose]: () => socket.destroy() };
}
