/** A forward of TCP: what connects here is joined to a connection that the guest's agent makes. */
import type { Forward } from "../contract/schemas/forward.ts";
import type { Listener, System, TcpConnection } from "../system/system.ts";
import type { PortsGuest } from "./ports.ts";
import { dialFor, takeConnections } from "./take-connections.ts";

/** Each is a stream of the one connection to the agent, which commands and copies use as well. */
const MOST_CONNECTIONS = 512;

/** Rejects with errno. */
export function forwardTcp(
  { address, hostPort, guestPort }: Forward,
  guest: PortsGuest,
  { sockets, log }: Pick<System, "sockets" | "log">,
): Promise<Listener> {
  const serve = async (connection: TcpConnection): Promise<void> => {
    try {
      await dialFor(connection, (signal) => guest.dial(guestPort, signal));
    } catch (error) {
      if (!connection.destroyed) log.debug("a connection to a guest's port was turned away", { vm: guest.vmName(), guestPort, error });
      connection.resetAndDestroy();
    }
  };
  return takeConnections({ address, port: hostPort, most: MOST_CONNECTIONS }, serve, sockets);
}
