import { afterEach, beforeEach, expect, test } from "bun:test";
import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import { BangerError } from "../../contract/errors.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { openProxy, type Proxy } from "./open-proxy.ts";

const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const system = makeSystem({ BANGER_HOME: "/tmp/banger-proxy-never-made", PATH: process.env["PATH"] }, log);
const never = new AbortController().signal;

let server: net.Server;
let proxy: Proxy;
let port: number;
const asked: string[] = [];

/** A server that says what it heard, at the end of each line. */
async function listen(): Promise<net.Server> {
  const made = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", ignore).on("data", (said) => void socket.write(`<${String(said)}>`));
    socket.on("end", () => socket.end("."));
  });
  made.listen(0, "127.0.0.1");
  await once(made, "listening");
  return made;
}

const portOf = (given: net.Server): number => (given.address() as net.AddressInfo).port;

async function dial(vm: string, wanted: number): Promise<Duplex> {
  asked.push(`${vm} ${wanted}`);
  if (vm !== "dev") throw new BangerError("not_found", "vm_not_found", `there is no vm ${vm}`, { hint: "banger vm list" });
  if (wanted !== 8080) throw new BangerError("refused", "guest_port_closed", `nothing listens on ${wanted}`);
  const socket = net.connect({ port: portOf(server), host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

beforeEach(async () => {
  asked.length = 0;
  server = await listen();
  const free = await listen();
  port = portOf(free);
  free.close();
  proxy = openProxy({ address: "127.0.0.1", port, dial }, system);
  while ((await proxy.probe.look(never)).status !== "fine") await Bun.sleep(1);
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  server.close();
});

/** Sends pieces, ends, and gives everything that came back. */
async function talk(...pieces: readonly string[]): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  let heard = "";
  socket.on("error", ignore).on("data", (said) => (heard += String(said)));
  for (const piece of pieces) {
    socket.write(piece);
    await Bun.sleep(2);
  }
  socket.end();
  await once(socket, "close");
  return heard;
}

const request = (host: string): string => `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n\r\n`;

test("what is sent goes to the port of the vm as it is, from its first byte on, and what is answered comes back", async () => {
  const sent = `${request(`8080.dev.localhost:${port}`)}frames`;
  const heard = await talk(sent, "and more");
  expect(heard.replaceAll(/[<>]/g, "")).toBe(`${sent}and more.`);
  expect(asked).toEqual(["dev 8080"]);
});

test("a head that comes byte by byte is a head", async () => {
  const sent = request("8080.dev.localhost");
  expect((await talk(...Array.from(sent))).replaceAll(/[<>]/g, "")).toBe(`${sent}.`);
});

test.each([
  [`localhost`, 400, "error: the host of the request is not PORT.NAME.localhost\ntry: http://8080.NAME.localhost\n"],
  [`8080.dev.localhost.evil.example`, 400, "error: the host of the request is not"],
  [`8080.nobody.localhost`, 404, "error: there is no vm nobody\ntry: banger vm list\n"],
  [`81.dev.localhost`, 502, "error: nothing listens on 81\n"],
])("%s is answered with %d and words", async (host, status, words) => {
  const heard = await talk(request(host));
  expect(heard).toStartWith(`HTTP/1.1 ${status} `);
  expect(heard.slice(heard.indexOf("\r\n\r\n") + 4)).toStartWith(words);
  expect(heard).toContain("x-content-type-options: nosniff\r\n");
});

test("nobody is asked for what is no request, and who leaves is let go", async () => {
  expect(await talk("GET / HTTP/1.1\r\nHost: 8080.dev.loc")).toBe("");
  expect(await talk("SSH-2.0-x\r\n\r\n")).toStartWith("HTTP/1.1 400 ");
  expect(asked).toEqual([]);
});

test("a port that is taken is told, and had when it is free", async () => {
  const second = openProxy({ address: "127.0.0.1", port, dial }, system);
  try {
    while ((await second.probe.look(never)).status === "fine") await Bun.sleep(1);
    expect(await second.probe.look(never)).toMatchObject({
      status: "missing",
      detail: `cannot listen on 127.0.0.1:${port}: a forward of a vm listens there`,
      hint: "another proxy.listen in the config",
    });
    await proxy[Symbol.asyncDispose]();
    while ((await second.probe.look(never)).status !== "fine") await Bun.sleep(20);
    expect(await talk(request("8080.nobody.localhost"))).toStartWith("HTTP/1.1 404 ");
  } finally {
    await second[Symbol.asyncDispose]();
  }
});
