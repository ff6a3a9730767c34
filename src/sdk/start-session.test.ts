import { expect, test } from "bun:test";
import { once } from "node:events";
import net from "node:net";
import { encodeFrame, encodeJsonFrame, FRAME } from "../contract/frames.ts";
import { startSession } from "./start-session.ts";

/** A session whose daemon passes on what a guest says: these bytes, and then nothing. */
async function exitedOf(...frames: readonly Uint8Array[]): Promise<unknown> {
  const server = net.createServer((socket) => socket.end(Buffer.concat(frames)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as net.AddressInfo;
    const session = startSession(net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
    session.stdout.resume();
    session.stderr.resume();
    return await session.exited.catch((error: unknown) => error);
  } finally {
    server.close();
  }
}

test("an end is taken as the guest says it, when it can be one", async () => {
  expect(await exitedOf(encodeJsonFrame(FRAME.started, { pid: 7 }), encodeJsonFrame(FRAME.exited, { code: 3 }))).toEqual({ code: 3 });
  expect(await exitedOf(encodeJsonFrame(FRAME.started, { pid: 7 }), encodeJsonFrame(FRAME.exited, { signal: 9 }))).toEqual({ signal: 9 });
  expect(await exitedOf(encodeJsonFrame(FRAME.failed, { code: "not_found", message: "no" }))).toMatchObject({ code: "exec_not_found" });
});

test.each([
  ["a code that no program has", encodeJsonFrame(FRAME.exited, { code: 100_000 })],
  ["more than an end", encodeJsonFrame(FRAME.exited, { code: 0, stdout: "forged" })],
  ["no JSON for an end", encodeFrame(FRAME.exited, Buffer.from("{"))],
  ["a failure with a code of its own making", encodeJsonFrame(FRAME.failed, { code: "x; rm -rf", message: "no" })],
  ["a failure without words", encodeJsonFrame(FRAME.failed, { code: "io" })],
  ["a frame that only a client sends", encodeFrame(FRAME.stdinEnd)],
  ["a frame of no known type", Uint8Array.of(99, 0, 0, 0, 0)],
])("a guest that sends %s is not believed", async (_name, frame) => {
  expect(await exitedOf(frame, encodeJsonFrame(FRAME.exited, { code: 0 }))).toMatchObject({ kind: "unavailable", code: "guest_garbled" });
});
