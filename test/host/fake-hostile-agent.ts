/**
 * A guest agent whose guest was taken over. It is started in place of ours, as `serve --listen PATH`, by the daemon itself. It does
 * what is asked of it until it is asked to misbehave: the program of an exec names the way, and the file of the first argument the
 * ways that come earlier.
 */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { answer, H2, h2Frame, HELLO, onSync, serveFrames, type H2Frame } from "../../src/agent/test-peer.ts";
import { ENDLESS_DEEDS, EXEC_DEEDS, PLAN_DEEDS, SYNC_DEEDS } from "./hostile-deeds.ts";

const [control = "", verb, , path = ""] = process.argv.slice(2);
const HEALTH = JSON.stringify({ state: "configured", uptimeMs: 1, init: "agent" });
const REPORT = JSON.stringify({ stages: [{ name: "mounts", ms: 1 }], kernel: "6.12" });

if (verb === "--version") {
  console.log("banger-agent 0.1.0 protocol 1");
  process.exit(0);
}

const end = (stream: number, text: string): Buffer => Buffer.concat([answer(stream, 200), h2Frame(H2.data, 1, stream, Buffer.from(text))]);

function serve(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  const deed = readFileSync(control, "utf8").trim();
  const early = SYNC_DEEDS[deed];
  if (early !== undefined) return onSync(socket, (nonce) => early(socket, nonce, JSON.stringify(HELLO)));
  const waiting = new Map<number, Buffer>();
  serveFrames(socket, (frame) => onFrame(socket, frame, waiting, deed));
}

function onFrame(socket: Socket, { type, flags, stream, payload }: H2Frame, waiting: Map<number, Buffer>, deed: string): void {
  const isLast = (flags & 1) !== 0;
  if (type === H2.ping && !isLast) socket.write(h2Frame(H2.ping, 1, 0, payload));
  else if (type === H2.headers && isLast) socket.write(end(stream, HEALTH));
  else if (type === H2.headers) waiting.set(stream, Buffer.alloc(0));
  else if (type === H2.data && waiting.has(stream)) {
    const body = Buffer.concat([waiting.get(stream) ?? Buffer.alloc(0), payload]);
    waiting.set(stream, body);
    // A plan is JSON; the first frame of an exec has type 0.
    if (body[0] === 0x7b) {
      if (!isLast) return;
      waiting.delete(stream);
      const lie = PLAN_DEEDS[deed];
      if (lie === undefined) socket.write(end(stream, REPORT));
      else lie(socket, stream);
    } else if (body.length >= 5 && body.length >= 5 + body.readUInt32BE(1)) {
      waiting.delete(stream);
      const spec = JSON.parse(body.subarray(5, 5 + body.readUInt32BE(1)).toString()) as { readonly argv: readonly string[] };
      ({ ...EXEC_DEEDS, ...ENDLESS_DEEDS })[spec.argv[0] ?? ""]?.(socket, stream);
    }
  }
}

createServer(serve).listen(path);
process.on("SIGTERM", () => process.exit(0));
