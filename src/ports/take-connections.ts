/** What a forward and the proxy have in common: connections that are counted, each joined to a port of a guest. */
import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import { joinConnection } from "../system/join-streams.ts";
import type { Listener, Sockets, TcpConnection } from "../system/system.ts";

/** For an agent that is being connected to again, and a guest that is busy. */
const DIAL_MS = 15_000;

/** Listens, and has at most `most` connections served at a time. Disposal breaks them off. Rejects with errno. */
export async function takeConnections(
  { address, port, most }: { readonly address: string; readonly port: number; readonly most: number },
  serve: (connection: TcpConnection) => Promise<void>,
  sockets: Pick<Sockets, "listenTcp">,
): Promise<Listener> {
  const connections = new Set<TcpConnection>();
  const listener = await sockets.listenTcp(address, port, (connection) => {
    if (connections.size >= most) return void connection.resetAndDestroy();
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
    void serve(connection);
  });
  return {
    port: listener.port,
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      for (const connection of connections) connection.resetAndDestroy();
    },
  };
}

/** Dials for a connection while it is there, and joins both. Rejects with what `dial` threw. */
export async function dialFor(connection: TcpConnection, dial: (signal: AbortSignal) => Promise<Duplex>): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  if (connection.destroyed) leave();
  else connection.once("close", leave);
  const late = new BangerError("timeout", "guest_timeout", "the vm does not answer");
  const patience = setTimeout(() => gone.abort(late), DIAL_MS);
  try {
    const stream = await dial(gone.signal);
    // What has been said is still to arrive, though who said it has gone: from here on the streams say for themselves when they end.
    connection.off("close", leave);
    if (connection.destroyed) stream.destroy();
    else joinConnection(connection, stream);
  } finally {
    clearTimeout(patience);
  }
}
