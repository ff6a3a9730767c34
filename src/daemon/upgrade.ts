import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { BangerError, HTTP_STATUS, toErrorShape } from "../contract/errors.ts";
import { OPERATIONS } from "../contract/operation-table.ts";
import { EXEC_PROTOCOL, VERSION_HEADER } from "../contract/version.ts";
import { checkVersion } from "./check-version.ts";
import type { HandlerParts } from "./handler.ts";
import { HANDLERS } from "./handler-table.ts";
import { joinStreams } from "./join-streams.ts";
import { parseInput } from "./read-input.ts";
import { findRoute } from "./route.ts";

/** The form of a stream's handler once its input has been parsed by the schema that belongs to it. */
type AnyStreamHandler = (parts: HandlerParts, input: unknown, signal: AbortSignal) => Promise<Duplex>;

/** Answers a request to upgrade: 101 and then bytes both ways, or an error as JSON. Never rejects. */
export async function upgrade(parts: HandlerParts, request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<void> {
  const gone = new AbortController();
  const abort = (): void => gone.abort(new BangerError("cancelled", "client_gone", "the client went away"));
  socket.once("close", abort);
  // Until the streams are joined, an error has no other reader; `close` follows it.
  socket.on("error", () => undefined);
  try {
    const stream = await openStream(parts, request, gone.signal);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${EXEC_PROTOCOL}\r\n\r\n`);
    if (head.length > 0) stream.write(head);
    joinStreams(socket, stream);
    // The frames say for themselves when stdin ends. A client whose bytes end has gone away, and its command is to know: a
    // unix socket shows a killed client no differently.
    socket.once("end", () => stream.destroy());
  } catch (error) {
    socket.end(errorResponse(error));
  } finally {
    socket.off("close", abort);
  }
}

async function openStream(parts: HandlerParts, request: IncomingMessage, signal: AbortSignal): Promise<Duplex> {
  const route = findRoute(request.method ?? "", request.url ?? "");
  checkVersion(route.name, request.headers[VERSION_HEADER], parts.daemon.version);
  if (OPERATIONS[route.name].kind !== "stream" || request.headers.upgrade !== EXEC_PROTOCOL) {
    throw new BangerError("invalid", "cannot_upgrade", `cannot upgrade ${route.name} to ${request.headers.upgrade ?? "nothing"}`);
  }
  // What follows the head belongs to the stream: there is no body.
  const input = parseInput(route, "");
  return (HANDLERS[route.name] as AnyStreamHandler)(parts, input, signal);
}

function errorResponse(thrown: unknown): string {
  const shape = toErrorShape(thrown);
  const status = HTTP_STATUS[shape.kind];
  const text = JSON.stringify(shape);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}
