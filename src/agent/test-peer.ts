/**
 * The other end of the wire for tests: it writes the bytes that it is told, so that it can be as wrong as a hostile guest. The
 * frames follow RFC 9113, part 4.1.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const H2 = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
export const HELLO = { protocol: 1, agent: "0.1.0", boot: "0".repeat(32) };

export interface H2Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function h2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, 9);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** HEADERS with nothing but a status, by HPACK's static table where it has one. */
export function answer(stream: number, status: number, flags = 4): Buffer {
  const indexed = new Map([
    [200, 0x88],
    [400, 0x8c],
    [404, 0x8d],
    [500, 0x8e],
  ]).get(status);
  const block = indexed === undefined ? Buffer.concat([Buffer.from([0x08, 3]), Buffer.from(String(status))]) : Buffer.from([indexed]);
  return h2Frame(H2.headers, flags, stream, block);
}

export interface Peer extends Disposable {
  readonly path: string;
  /** A connection of the host's. */
  dial(): Promise<Socket>;
}

/** Listens on a unix socket and gives every connection to `serve`. */
export async function startPeer(serve: (socket: Socket) => void): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), "banger-peer-"));
  const path = join(folder, "s");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    dial: () =>
      new Promise((resolve, reject) => {
        const socket = connect(path, () => resolve(socket));
        socket.once("error", reject);
      }),
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Waits for the sync line and gives its nonce; bytes that follow go to `rest`. */
export function onSync(socket: Socket, synced: (nonce: string) => void, rest: (bytes: Buffer) => void = () => undefined): void {
  let seen = Buffer.alloc(0);
  let isSynced = false;
  socket.on("data", (chunk: Buffer) => {
    if (isSynced) return rest(chunk);
    seen = Buffer.concat([seen, chunk]);
    const match = /banger-sync ([0-9a-f]{32})\n/.exec(seen.toString("latin1"));
    if (match === null) return;
    isSynced = true;
    synced(match[1] ?? "");
    rest(seen.subarray(match.index + match[0].length));
  });
}

/** A well-behaved start; then every frame of the host's goes to `onFrame`, which answers as it likes. */
export function serveFrames(socket: Socket, onFrame: (frame: H2Frame) => void): void {
  let rest = Buffer.alloc(0);
  let needsPreface = true;
  const start = (nonce: string): void => {
    socket.write(`banger-synced ${nonce} ${JSON.stringify(HELLO)}\n`);
    socket.write(h2Frame(H2.settings, 0, 0));
  };
  onSync(socket, start, (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    if (needsPreface && rest.length < 24) return;
    if (needsPreface) rest = rest.subarray(24);
    needsPreface = false;
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3);
      const frame = { type: rest[3] ?? 0, flags: rest[4] ?? 0, stream: rest.readUInt32BE(5), payload: rest.subarray(9, 9 + length) };
      rest = rest.subarray(9 + length);
      if (frame.type === H2.settings && (frame.flags & 1) === 0) socket.write(h2Frame(H2.settings, 1, 0));
      onFrame(frame);
    }
  });
}
