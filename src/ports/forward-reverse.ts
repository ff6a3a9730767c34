/** A forward the other way: what connects to a port of the guest is joined to a connection that we make, to where the plan says. */
import type { Duplex } from "node:stream";
import { formatPlace, type Forward } from "../contract/schemas/forward.ts";
import { joinConnection } from "../system/join-streams.ts";
import type { System, TcpConnection } from "../system/system.ts";
import type { HeldPlace } from "./open-vm-ports.ts";
import type { PortsGuest } from "./ports.ts";

/** As many as the guest's agent takes; one that is not ours may offer more. */
const MOST_CONNECTIONS = 128;
const CONNECT_MS = 10_000;

/** Rejects where the guest cannot listen. */
export async function forwardReverse(
  forward: Forward,
  guest: PortsGuest,
  { sockets, log }: Pick<System, "sockets" | "log">,
  wanted: AbortSignal,
): Promise<HeldPlace> {
  const { address, hostPort, guestPort } = forward;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, wanted]);
  const connections = new Set<TcpConnection>();
  /** Those that are being made count. */
  let under = 0;
  const connect = async (): Promise<TcpConnection | undefined> => {
    try {
      return await sockets.connectTcp(address, hostPort, CONNECT_MS, signal);
    } catch (error) {
      if (!signal.aborted) log.debug("what a guest asked for does not answer", { vm: guest.vmName(), at: formatPlace(forward), error });
      return undefined;
    }
  };
  const serve = async (take: () => Promise<Duplex>): Promise<void> => {
    const connection = await connect();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    connection?.on("error", () => undefined).once("close", () => resolve());
    if (connection === undefined || connection.destroyed) resolve();
    else connections.add(connection);
    try {
      // Taken in any case: it is cut off then, and does not wait.
      const stream = await take();
      if (connection === undefined || connection.destroyed) stream.destroy();
      else joinConnection(connection, stream);
    } catch (error) {
      log.debug("a connection from a guest went away", { vm: guest.vmName(), guestPort, error });
      connection?.destroy();
    }
    await closed;
    if (connection !== undefined) connections.delete(connection);
  };
  const serveCounted = async (take: () => Promise<Duplex>): Promise<void> => {
    if (under >= MOST_CONNECTIONS) return;
    under += 1;
    await serve(take);
    under -= 1;
  };
  const takeAll = async (asked: AsyncIterable<() => Promise<Duplex>>): Promise<void> => {
    try {
      for await (const take of asked) void serveCounted(take);
    } catch (error) {
      if (!signal.aborted) log.info("a guest listens no more for what it was forwarded", { vm: guest.vmName(), guestPort, error });
    }
  };
  const ended = takeAll(await guest.accept(guestPort, signal));
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      for (const connection of connections) connection.destroy();
      await ended;
    },
  };
}
