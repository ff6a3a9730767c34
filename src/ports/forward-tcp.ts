/** A forward of TCP: what connects here is joined to a connection that the guest's agent makes. */
import type { Forward } from "../contract/schemas/forward.ts";
import { joinConnection } from "../system/join-streams.ts";
import type { Listener, System, TcpConnection } from "../system/system.ts";
import type { PortsGuest } from "./ports.ts";

/** Each is a stream of the one connection to the agent, which commands and copies use as well. */
const MOST_CONNECTIONS = 512;
/** For an agent that is being connected to again, and a guest that is busy. */
const DIAL_MS = 15_000;

/** Rejects with errno. */
export async function forwardTcp(
  { address, hostPort, guestPort }: Forward,
  guest: PortsGuest,
  { sockets, log }: Pick<System, "sockets" | "log">,
): Promise<Listener> {
  const connections = new Set<TcpConnection>();
  const serve = async (connection: TcpConnection): Promise<void> => {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    connection.once("close", () => connections.delete(connection)).once("close", leave);
    const patience = setTimeout(() => gone.abort(), DIAL_MS);
    try {
      const stream = await guest.dial(guestPort, gone.signal);
      // From here on what has been said is still to arrive, though who said it has gone.
      connection.off("close", leave);
      if (connection.destroyed) stream.destroy();
      else joinConnection(connection, stream);
    } catch (error) {
      if (!connection.destroyed) log.debug("a connection to a guest's port was turned away", { vm: guest.vmName(), guestPort, error });
      connection.resetAndDestroy();
    } finally {
      clearTimeout(patience);
    }
  };
  const listener = await sockets.listenTcp(address, hostPort, (connection) => {
    if (connections.size >= MOST_CONNECTIONS) return void connection.resetAndDestroy();
    connections.add(connection);
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
