/** A client of HTTP that costs next to nothing, so that it is the server that is measured: fixed requests over kept connections. */
import net from "node:net";
import { once } from "node:events";
import { VERSION, VERSION_HEADER } from "../src/contract/version.ts";

/** Milliseconds for a request, when `connections` ask `count` times each, one request after the other. */
export async function timePerRequest(socketPath: string, path: string, connections: number, count: number): Promise<number> {
  const clients = await Promise.all(Array.from({ length: connections }, () => openHttpClient(socketPath)));
  const started = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let asked = 0; asked < count; asked += 1) await client.get(path);
    }),
  );
  const elapsed = performance.now() - started;
  for (const client of clients) client[Symbol.dispose]();
  return elapsed / (connections * count);
}

export interface HttpClient extends Disposable {
  /** Resolves when all of the answer is there; rejects unless it is a 200 with a length. One at a time. */
  get(path: string): Promise<void>;
}

export async function openHttpClient(socketPath: string): Promise<HttpClient> {
  const socket = net.connect(socketPath);
  await once(socket, "connect");
  let left: number | undefined;
  let answered = Promise.withResolvers<void>();
  let head = "";
  socket.on("data", (chunk: Buffer) => {
    if (left === undefined) {
      const end = chunk.indexOf("\r\n\r\n");
      head = chunk.toString("latin1", 0, end);
      const length = /^HTTP\/1\.1 200 [^]*\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (end < 0 || length === undefined) return answered.reject(new Error(`no answer: ${chunk.toString()}`));
      left = Number(length) - (chunk.length - end - 4);
    } else left -= chunk.length;
    if (left > 0) return;
    left = undefined;
    answered.resolve();
  });
  socket.on("error", (error) => answered.reject(error));
  socket.on("close", () => answered.reject(new Error("the server hung up")));
  return {
    get: (path) => {
      answered = Promise.withResolvers<void>();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: banger\r\n${VERSION_HEADER}: ${VERSION}\r\n\r\n`);
      return answered.promise;
    },
    [Symbol.dispose]: () => {
      // Nobody waits for the answer that its end would fail.
      answered.promise.catch(() => undefined);
      socket.destroy();
    },
  };
}
