/**
 * The reverse proxy: `http://PORT.NAME.localhost:<port of the proxy>` is a port of a vm. It reads the head of the first request of a
 * connection, to know whose it is, and passes everything on as it is from then on, a WebSocket too. A browser has connections of their own
 * for each such name, and whoever puts another name into the same connection reaches the vm that it has reached.
 */
import type { Duplex } from "node:stream";
import { BangerError, HTTP_STATUS, toErrorShape } from "../../contract/errors.ts";
import type { Probe } from "../../contract/probe.ts";
import { formatPlace } from "../../contract/schemas/forward.ts";
import type { System, TcpConnection } from "../../system/system.ts";
import { openVmPorts } from "../open-vm-ports.ts";
import { dialFor, takeConnections } from "../take-connections.ts";
import { whyTaken } from "../why-taken.ts";
import { type BadHead, readHead, type Wanted } from "./read-head.ts";

/** For a browser's many connections, which wait for their next request. */
const MOST_CONNECTIONS = 1024;
const HEAD_MS = 30_000;
/** For whoever was refused to read why. */
const LINGER_MS = 5000;

export interface ProxyOptions {
  readonly address: string;
  readonly port: number;
  /** A connection to a port of a vm's loopback. */
  readonly dial: (vm: string, port: number, signal: AbortSignal) => Promise<Duplex>;
}

export interface Proxy extends AsyncDisposable {
  readonly probe: Probe;
}

/** Listens as soon as it can; what it cannot is told by the probe. */
export function openProxy({ address, port, dial }: ProxyOptions, system: System): Proxy {
  const { sockets, processes, clock } = system;
  const place = { address, hostPort: port, guestPort: 1, protocol: "tcp", reverse: false } as const;
  const ports = openVmPorts([place], {
    hold: async () => {
      const listener = await takeConnections({ address, port, most: MOST_CONNECTIONS }, (connection) => serve(connection, dial), sockets);
      return { ended: new Promise(() => undefined), [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
    },
    tell: (forward, error) => whyTaken(forward, error, { held: [], ourselves: "a forward of a vm", processes }).why,
    clock,
  });
  const where = formatPlace(place);
  return {
    probe: {
      name: "proxy",
      deadlineMs: 1000,
      look: async () => {
        const [why] = ports.problems;
        if (why === undefined) return { status: "fine", detail: `listens on ${where}` };
        return { status: "missing", detail: `cannot listen on ${where}: ${why}`, hint: "another proxy.listen in the config" };
      },
    },
    [Symbol.asyncDispose]: () => ports[Symbol.asyncDispose](),
  };
}

async function serve(connection: TcpConnection, dial: ProxyOptions["dial"]): Promise<void> {
  try {
    const wanted = await waitForHead(connection);
    if (wanted === undefined) return void connection.destroy();
    if ("wrong" in wanted) throw new BangerError("invalid", "bad_request", wanted.wrong, { hint: "http://8080.NAME.localhost" });
    await dialFor(connection, (signal) => dial(wanted.vm, wanted.port, signal));
  } catch (error) {
    refuse(connection, error);
  }
}

/** What is wanted; what was read is still to be read. Undefined when the connection ends before. */
async function waitForHead(connection: TcpConnection): Promise<Wanted | BadHead | undefined> {
  let read = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<Wanted | BadHead | undefined>();
  const take = (piece: Buffer): void => {
    read = Buffer.concat([read, piece]);
    const wanted = readHead(read);
    if (wanted !== undefined) resolve(wanted);
  };
  const end = (): void => resolve(undefined);
  connection.on("data", take).once("end", end).once("close", end);
  const patience = setTimeout(() => connection.destroy(), HEAD_MS);
  const wanted = await promise;
  clearTimeout(patience);
  connection.off("data", take).off("end", end).off("close", end);
  connection.pause();
  if (wanted !== undefined && !connection.destroyed) connection.unshift(read);
  return wanted;
}

/** As the command line would say it. */
function refuse(connection: TcpConnection, thrown: unknown): void {
  if (connection.destroyed) return;
  const { kind, message, hint } = toErrorShape(thrown);
  const text = `error: ${message}\n${hint === undefined ? "" : `try: ${hint}\n`}`;
  const status = kind === "refused" ? 502 : HTTP_STATUS[kind];
  const head = `HTTP/1.1 ${status} ${kind}\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n`;
  // Whoever goes on sending would have the answer thrown away with what was not read.
  connection.resume().end(head + text);
  setTimeout(() => connection.destroy(), LINGER_MS).unref();
}
