/** Sockets at addresses of this computer. */
import dgram from "node:dgram";
import net, { isIPv6 } from "node:net";
import { BangerError } from "../contract/errors.ts";
import type { Sockets } from "./system.ts";
import { whenConnected } from "./when-connected.ts";

/** What listens; disposal ends that, and leaves what was accepted. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
}

export type TcpConnection = net.Socket;

export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

export interface UdpSocket extends Listener {
  /** As datagrams are: they may be lost, and nobody is told. */
  send(bytes: Uint8Array, to: UdpPeer): void;
}

/** A peer that has vanished without a word is noticed by this. */
const KEEP_ALIVE_MS = 60_000;
/** Who connects while the others are being served waits here. */
const BACKLOG = 512;

export const listenTcp: Sockets["listenTcp"] = async (address, port, onConnection) => {
  const server = net.createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    (connection) => {
      // An error is followed by `close`; until somebody reads it has no other listener, and would end the process.
      connection.on("error", () => undefined);
      onConnection(connection);
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve).once("error", reject);
  // Without `ipv6Only` the address :: would take the port of 0.0.0.0 with it, and two forwards clash that do not look it.
  server.listen({ host: address, port, backlog: BACKLOG, ipv6Only: isIPv6(address) });
  await promise;
  server.on("error", () => undefined);
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === "object" ? bound.port : port,
    [Symbol.asyncDispose]: async () => {
      // Its callback waits for the connections, which are not ours to end.
      server.close();
    },
  };
};

export const connectTcp: Sockets["connectTcp"] = async (address, port, timeoutMs, signal) => {
  signal.throwIfAborted();
  // An error of later is followed by `close`; until somebody reads it has no other listener, and would end the process.
  const connection = net.connect({ host: address, port, allowHalfOpen: true, noDelay: true }).on("error", () => undefined);
  return await whenConnected(connection, {
    timeoutMs,
    signal,
    late: () => new BangerError("timeout", "connect_timeout", `${address} does not answer on port ${port}`),
    refused: (error) => error,
  });
};

export const bindUdp: Sockets["bindUdp"] = async (address, port, onDatagram) => {
  const type = isIPv6(address) ? "udp6" : "udp4";
  const socket = dgram.createSocket({ type, ipv6Only: type === "udp6" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("listening", resolve).once("error", reject);
  socket.on("message", (bytes, from) => onDatagram(bytes, from));
  socket.bind({ address, port, exclusive: true });
  try {
    await promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  // Of a peer that has gone: there is nobody to tell.
  socket.on("error", () => undefined);
  let isOpen = true;
  return {
    port: socket.address().port,
    send: (bytes, to) => {
      if (isOpen) socket.send(bytes, to.port, to.address, () => undefined);
    },
    [Symbol.asyncDispose]: async () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
};
