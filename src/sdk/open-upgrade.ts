import { once } from "node:events";
import net from "node:net";
import { BangerError, fromErrorShape, type ErrorShape } from "../contract/errors.ts";
import type { Verb } from "../contract/verb.ts";
import { VERSION_HEADER } from "../contract/version.ts";
import { buildRequest } from "./build-request.ts";
import { unreachable } from "./unreachable.ts";

const HEAD_MAX_BYTES = 16 * 1024;
const END_OF_HEAD = "\r\n\r\n";

export interface UpgradeRequest {
  readonly socketPath: string;
  /** Told to the daemon; it answers only its own. */
  readonly version: string;
  readonly verb: Verb;
  readonly request: Readonly<Record<string, unknown>>;
  readonly protocol: string;
  /** The first frame, where the client begins. */
  readonly first?: Uint8Array;
}

/**
 * A connection that was upgraded to frames, paused; the first frame has been sent. It travels with the request, for the daemon's
 * yes takes as long as the guest's start of what is asked. Throws what the daemon answers instead.
 */
export async function openUpgrade({
  socketPath,
  version,
  verb,
  request,
  protocol,
  first = new Uint8Array(),
}: UpgradeRequest): Promise<net.Socket> {
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  try {
    await once(socket, "connect");
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  try {
    const { method, path } = buildRequest(verb, request);
    const head = Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: banger\r\n${VERSION_HEADER}: ${version}\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\ncontent-length: 0\r\n\r\n`,
    );
    socket.write(Buffer.concat([head, first]));
    const answer = await readHead(socket);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    if (status === 101) return socket;
    throw await failureOf(socket, status);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Reads to the empty line and not a byte further: what follows belongs to the stream. */
async function readHead(socket: net.Socket): Promise<string> {
  let head = "";
  while (!head.endsWith(END_OF_HEAD)) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) head += byte.toString("latin1");
    else if (socket.readableEnded || socket.destroyed || head.length > HEAD_MAX_BYTES) throw brokenOff();
    else await Promise.race([once(socket, "readable"), once(socket, "end"), once(socket, "close")]);
  }
  return head;
}

async function failureOf(socket: net.Socket, status: number): Promise<Error> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of socket as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return fromErrorShape(JSON.parse(text) as ErrorShape);
  } catch (error) {
    return new Error(`the daemon answered ${status} with something that is no error of banger`, { cause: error });
  }
}

function brokenOff(): BangerError {
  return new BangerError("unavailable", "daemon_broke_off", "the daemon ended the connection before it answered", {
    hint: "banger daemon status",
  });
}
