import type { Socket } from "node:net";

export interface ConnectWaits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** What is thrown when it takes longer. */
  late(): Error;
  /** What is thrown for the socket's error. */
  refused(error: Error): Error;
}

/** The socket once it is connected; otherwise it is destroyed. Rejects with the signal's reason, too. */
export async function whenConnected(socket: Socket, waits: ConnectWaits): Promise<Socket> {
  const { timeoutMs, signal } = waits;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(waits.late()), timeoutMs);
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  socket.once("connect", resolve);
  socket.once("error", (error) => reject(waits.refused(error)));
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
