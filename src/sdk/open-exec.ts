import { once } from "node:events";
import net from "node:net";
import { BangerError, fromErrorShape, type ErrorShape } from "../contract/errors.ts";
import { encodeJsonFrame, FRAME, type ExecSpec } from "../contract/frames.ts";
import { VERBS } from "../contract/verbs.ts";
import { EXEC_PROTOCOL, VERSION_HEADER } from "../contract/version.ts";
import { buildRequest } from "./build-request.ts";
import { unreachable } from "./unreachable.ts";

const HEAD_MAX_BYTES = 16 * 1024;
const END_OF_HEAD = "\r\n\r\n";

/**
 * A connection that was upgraded to the frames of `contract/frames.ts`, paused; the command has been sent. It travels with the
 * request, for the daemon's yes takes as long as its start. Throws what the daemon answers instead.
 */
export async function openExec(socketPath: string, version: string, vm: string, spec: ExecSpec): Promise<net.Socket> {
  const first = encodeSpec(spec);
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  try {
    await once(socket, "connect");
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  try {
    const { method, path } = buildRequest(VERBS["vm.exec"], { vm });
    const request = Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: banger\r\n${VERSION_HEADER}: ${version}\r\nconnection: Upgrade\r\nupgrade: ${EXEC_PROTOCOL}\r\ncontent-length: 0\r\n\r\n`,
    );
    socket.write(Buffer.concat([request, first]));
    const head = await readHead(socket);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    if (status === 101) return socket;
    throw await failureOf(socket, status);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Throws `invalid` `command_too_long`. */
function encodeSpec(spec: ExecSpec): Uint8Array {
  try {
    return encodeJsonFrame(FRAME.spec, spec);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BangerError("invalid", "command_too_long", "cannot run the command: its words and environment have more than 1 MiB", {
      hint: "give what is long on stdin, with -i, or in a file in the vm",
      cause: error,
    });
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
