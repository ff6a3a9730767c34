/** Sockets and named pipes: made ahead for a child, connected to, and asked who is there. */
import { constants, openSync } from "node:fs";
import net from "node:net";
import { BangerError } from "../contract/errors.ts";
import type { Duplex } from "node:stream";
import { closeDescriptor, isHungUp, listenUnix, makeNamedPipe, peerCredentials, sendDatagram } from "./native.ts";
import { bindUdp, connectTcp, listenTcp } from "./internet-sockets.ts";
import { removeFileNow } from "./remove-file.ts";
import { whenConnected } from "./when-connected.ts";
import type { OpenDescriptor, Sockets } from "./system.ts";

/** The runtime asks the kernel about a socket only while it reads. */
const WATCH_INTERVAL_MS = 250;

export function makeSockets(): Sockets {
  return {
    listenForChild: (path) => {
      removeFileNow(path);
      return toHandOn(path, listenUnix(path));
    },
    makePipe: (path) => {
      removeFileNow(path);
      makeNamedPipe(path);
    },
    openPipe: (path, way) => {
      const access = way === "read" ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDWR;
      return toHandOn(path, openSync(path, access | constants.O_NOFOLLOW));
    },
    connect,
    sendDatagram,
    peerOf: (socket) => {
      const descriptor = descriptorOf(socket);
      return descriptor === undefined ? undefined : peerCredentials(descriptor);
    },
    watchPeer,
    listenTcp,
    connectTcp,
    bindUdp,
  };
}

/** Neither runtime exposes the descriptor of a socket; both keep it here. */
function descriptorOf(socket: Duplex): number | undefined {
  const descriptor = (socket as { _handle?: { fd?: unknown } })._handle?.fd;
  return typeof descriptor === "number" && descriptor >= 0 ? descriptor : undefined;
}

function watchPeer(socket: Duplex, onGone: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = (): void => {
    const descriptor = descriptorOf(socket);
    if (descriptor === undefined || !isHungUp(descriptor)) return;
    leave();
    onGone();
  };
  const start = (): void => {
    timer ??= setInterval(look, WATCH_INTERVAL_MS);
  };
  const leave = (): void => {
    stop();
    socket.off("pause", start).off("resume", stop).off("close", leave);
  };
  socket.on("pause", start).on("resume", stop).on("close", leave);
  if (socket.readableFlowing !== true) start();
}

function toHandOn(path: string, descriptor: number): OpenDescriptor {
  let isOpen = true;
  return {
    descriptor,
    path,
    close: () => {
      if (isOpen) closeDescriptor(descriptor);
      isOpen = false;
    },
  };
}

async function connect(path: string, timeoutMs: number, signal?: AbortSignal): Promise<net.Socket> {
  signal?.throwIfAborted();
  return await whenConnected(net.connect(path), {
    timeoutMs,
    signal,
    late: () => new BangerError("timeout", "socket_timeout", `nobody answered on ${path} within ${timeoutMs} ms`),
    refused: (error) => new BangerError("unavailable", "socket_refused", `cannot connect to ${path}: ${error.message}`, { cause: error }),
  });
}
