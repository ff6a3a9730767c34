/**
 * The door of the daemon: HTTP on a unix socket. Every connection's peer is asked for by the kernel before a byte of it is
 * read; only processes of our own uid are answered. (Neither `Bun.serve` nor `node:http` shows a socket's credentials: the
 * connection is accepted by `net`, checked, and handed to the HTTP server.)
 */
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import type { Duplex } from "node:stream";
import { BangerError, toErrorShape } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { answerError } from "./answer.ts";
import { dispatch } from "./dispatch.ts";
import type { HandlerParts } from "./handler.ts";
import { refuseOddRequests } from "./refuse-odd-requests.ts";
import { upgrade } from "./upgrade.ts";

/** Below the number of files that a process may have open. Each is bounded in what it holds, so all are. */
const MAX_CONNECTIONS = 1000;

export interface ServeOptions {
  readonly socketPath: string;
  /** The same by a path that leads nowhere else, whatever happens to the folders above. */
  readonly heldPath: string;
  /** An open socket that listens at that path already, and stays there when we go: a service manager's. */
  readonly listeningDescriptor?: number | undefined;
  /** The only uid that is answered. */
  readonly uid: number;
  readonly system: Pick<System, "sockets" | "files" | "log">;
  /** Told when something is asked, and when that is over. */
  readonly onWork: () => void;
}

export interface Served extends AsyncDisposable {
  /** Takes no new connections and removes the socket; those under way go on. */
  stopListening(): Promise<void>;
}

/** Listens. Disposal ends every connection. */
export async function serve(
  parts: HandlerParts,
  { socketPath, heldPath, listeningDescriptor, uid, system, onWork }: ServeOptions,
): Promise<Served> {
  const { log, files, sockets } = system;
  const connections = new Set<Duplex>();
  const web = http.createServer((request, response) => {
    onWork();
    response.once("close", onWork);
    dispatch(parts, request, response).catch((error: unknown) => {
      if (toErrorShape(error).kind === "bug") log.error("a request failed", { method: request.method, url: request.url, error });
      if (response.headersSent) response.destroy();
      else answerError(response, error);
    });
  });
  web.on("upgrade", (request, socket, head) => {
    onWork();
    socket.once("close", onWork);
    void upgrade(parts, request, socket, head, sockets);
  });
  // Who has asked may end its side and wait for the answer, which takes a moment. (Node has the switch and does not declare it.)
  Object.assign(web, { httpAllowHalfOpen: true });
  refuseOddRequests(web);
  const door = net.createServer({ allowHalfOpen: true }, (socket) => {
    const peer = sockets.peerOf(socket);
    if (peer?.uid !== uid) {
      log.warn("refused a connection of another user", { peer });
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    web.emit("connection", socket);
  });

  door.maxConnections = MAX_CONNECTIONS;
  if (listeningDescriptor === undefined) {
    await clearPath(files, heldPath, socketPath, uid);
    door.listen(heldPath);
  } else door.listen({ fd: listeningDescriptor });
  await once(door, "listening");
  const stopListening = async (): Promise<void> => {
    door.close();
    if (listeningDescriptor === undefined) await files.removeFile(heldPath);
  };
  return {
    stopListening,
    async [Symbol.asyncDispose]() {
      await stopListening();
      for (const connection of connections) connection.destroy();
      web.close();
    },
  };
}

/** Removes the socket that a dead daemon left behind; the caller holds the daemon's lock, so that nobody listens on it. */
async function clearPath(files: Pick<System["files"], "find" | "removeFile">, heldPath: string, path: string, uid: number): Promise<void> {
  const found = await files.find(heldPath);
  if (found === undefined) return;
  const inPlace = found.kind === "other" ? "device or pipe" : found.kind;
  if (found.kind !== "socket" || found.uid !== uid) {
    const whose = found.uid === uid ? "" : ` of uid ${found.uid}`;
    throw new BangerError("refused", "socket_path_taken", `cannot listen on ${path}: there is a ${inPlace}${whose} in its place`, {
      hint: `look at it, and move it away: ls -l ${path}`,
    });
  }
  await files.removeFile(heldPath);
}
