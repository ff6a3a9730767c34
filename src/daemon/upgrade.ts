import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import { OPERATIONS } from "../contract/operation-table.ts";
import type { Operation } from "../contract/operation.ts";
import { BYTES_PROTOCOL, VERSION_HEADER } from "../contract/version.ts";
import { errorResponse } from "./answer.ts";
import { checkVersion } from "./check-version.ts";
import type { Sockets } from "../system/system.ts";
import type { HandlerParts } from "./handler.ts";
import { HANDLERS } from "./handler-table.ts";
import { joinStreams } from "../system/join-streams.ts";
import { parseInput } from "./read-input.ts";
import { findRoute } from "./route.ts";

/** The form of a stream's handler once its input has been parsed by the schema that belongs to it. */
type AnyStreamHandler = (parts: HandlerParts, input: unknown, signal: AbortSignal) => Promise<Duplex>;

/** Answers a request to upgrade: 101 and then bytes both ways, or an error as JSON. Never rejects. */
export async function upgrade(
  parts: HandlerParts,
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  sockets: Pick<Sockets, "watchPeer">,
): Promise<void> {
  const gone = new AbortController();
  const abort = (): void => gone.abort(new BangerError("cancelled", "client_gone", "the client went away"));
  // A client whose frames end has gone away, and its command is to know: a unix socket shows a killed client no differently. Where bytes are
  // passed on as they are, their end is one of them.
  const hasFrames = request.headers.upgrade !== BYTES_PROTOCOL;
  socket.once("close", abort);
  if (hasFrames) socket.once("end", abort);
  // A client that is killed while nobody takes what it sent would be noticed only once that is read.
  sockets.watchPeer(socket, () => socket.destroy());
  // Until the streams are joined, an error has no other reader; `close` follows it.
  socket.on("error", () => undefined);
  let isUpgraded = false;
  try {
    const stream = await openStream(parts, request, gone.signal);
    if (gone.signal.aborted) {
      stream.destroy();
      socket.destroy();
      return;
    }
    isUpgraded = true;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\n`);
    if (head.length > 0) stream.write(head);
    joinStreams(socket, stream);
    // The frames say for themselves when they end.
    if (hasFrames) socket.once("end", () => stream.destroy());
  } catch (error) {
    // Behind 101 there is no room for words: the end of the bytes has to say it.
    if (isUpgraded) socket.destroy();
    else socket.end(errorResponse(error));
  } finally {
    socket.off("close", abort).off("end", abort);
  }
}

async function openStream(parts: HandlerParts, request: IncomingMessage, signal: AbortSignal): Promise<Duplex> {
  const route = findRoute(request.method ?? "", request.url ?? "");
  checkVersion(route.name, request.headers[VERSION_HEADER], parts.daemon.version);
  const { kind, protocol }: Pick<Operation, "kind" | "protocol"> = OPERATIONS[route.name];
  if (kind !== "stream" || request.headers.upgrade !== protocol) {
    throw new BangerError("invalid", "cannot_upgrade", `cannot upgrade ${route.name} to ${request.headers.upgrade ?? "nothing"}`);
  }
  // What follows the head belongs to the stream: there is no body.
  const input = parseInput(route, "");
  return (HANDLERS[route.name] as AnyStreamHandler)(parts, input, signal);
}
