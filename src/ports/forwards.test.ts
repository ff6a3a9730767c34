/** Each kind of forward against a guest that is slow, silent or hostile. */
import { expect, test } from "bun:test";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { Duplex, PassThrough } from "node:stream";
import type { Forward } from "../contract/schemas/forward.ts";
import { makeSystem } from "../system/make-system.ts";
import type { Log, TcpConnection } from "../system/system.ts";
import { DatagramReader } from "./datagram-frames.ts";
import { forwardReverse } from "./forward-reverse.ts";
import { forwardTcp } from "./forward-tcp.ts";
import { FlowCount, forwardUdp } from "./forward-udp.ts";
import type { PortsGuest } from "./ports.ts";

const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const system = makeSystem({ BANGER_HOME: "/tmp/banger-forwards-never-made", PATH: process.env["PATH"] }, log);
const tcp: Forward = { address: "127.0.0.1", hostPort: 0, guestPort: 80, protocol: "tcp", reverse: false };
const udp: Forward = { ...tcp, protocol: "udp" };
const back: Forward = { ...tcp, hostPort: 9, reverse: true };

const unused = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));
const guestOf = (parts: Partial<PortsGuest>): PortsGuest => ({
  vmName: () => "dev",
  dial: unused,
  dialDatagrams: unused,
  accept: unused,
  ...parts,
});

/** The end of a stream that says something and then breaks. */
function breaking(said: string): Duplex {
  const stream = new Duplex({ read: ignore, write: (_piece, _encoding, done) => done() });
  stream.push(said);
  setTimeout(() => stream.destroy(new Error("the guest broke it off")), 20);
  stream.on("error", ignore);
  return stream;
}

async function openClient(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

test("what the guest broke off is no orderly end for who reads it", async () => {
  await using listener = await forwardTcp(tcp, guestOf({ dial: async () => breaking("part") }), system);
  const socket = await openClient(listener.port);
  let heard = "";
  socket.on("data", (piece) => (heard += String(piece)));
  const [error] = (await once(socket, "error")) as [Error & { code?: string }];
  expect([heard, error.code]).toEqual(["part", "ECONNRESET"]);
});

test("who leaves before the guest has answered is waited for no longer", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const dial = (_port: number, signal: AbortSignal): Promise<Duplex> => {
    asked.resolve(signal);
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("gone"))));
  };
  await using listener = await forwardTcp(tcp, guestOf({ dial }), system);
  const socket = await openClient(listener.port);
  const signal = await asked.promise;
  socket.resetAndDestroy();
  if (!signal.aborted) await once(signal, "abort");
});

test("senders of datagrams are few at a time, and what waits for a guest is little", async () => {
  const dialled: AbortSignal[] = [];
  const answers: ((stream: Duplex) => void)[] = [];
  const dialDatagrams = (_port: number, signal: AbortSignal): Promise<Duplex> => {
    dialled.push(signal);
    const { promise, resolve } = Promise.withResolvers<Duplex>();
    answers.push(resolve);
    return promise;
  };
  const count = new FlowCount();
  await using listener = await forwardUdp(udp, guestOf({ dialDatagrams }), system, count);
  const senders: dgram.Socket[] = [];
  const send = async (sender: dgram.Socket, bytes: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    sender.send(Buffer.alloc(bytes), listener.port, "127.0.0.1", () => resolve());
    await promise;
  };
  for (let at = 0; at < 70; at += 1) {
    const sender = dgram.createSocket("udp4");
    senders.push(sender);
    await send(sender, 1);
    while (dialled.length <= at) await Bun.sleep(1);
  }
  expect(dialled.filter(({ aborted }) => !aborted)).toHaveLength(64);
  expect(count.isFull).toBe(true);
  const [last] = senders.toReversed();
  for (let at = 0; at < 3 && last !== undefined; at += 1) {
    await send(last, 30_000);
    await Bun.sleep(50);
  }
  const stream = new PassThrough();
  const reader = new DatagramReader();
  const heard: number[] = [];
  stream.on("data", (piece: Buffer) => heard.push(...reader.take(piece).map((bytes) => bytes.length)));
  answers.at(-1)?.(stream);
  while (heard.length < 3) await Bun.sleep(1);
  await Bun.sleep(20);
  // The third of the long ones is more than may wait.
  expect(heard).toEqual([1, 30_000, 30_000]);
  for (const sender of senders) sender.close();
});

test("datagrams in pieces of one byte cost no more than they are long", () => {
  const reader = new DatagramReader();
  const started = performance.now();
  for (let at = 0; at < 65_537; at += 1) reader.take(Uint8Array.of(at < 2 ? 255 : 1));
  // It took seconds when what had begun was copied for each.
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a guest that offers very much gets few connections at a time", async () => {
  let begun = 0;
  const connectTcp = (_address: string, _port: number, _ms: number, signal: AbortSignal): Promise<TcpConnection> => {
    begun += 1;
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("gone"))));
  };
  async function* offers(): AsyncGenerator<() => Promise<Duplex>> {
    for (let at = 0; at < 15_000; at += 1) yield async () => new PassThrough();
  }
  const sockets = { ...system.sockets, connectTcp };
  const over = new AbortController();
  await using held = await forwardReverse(back, guestOf({ accept: async () => offers() }), { sockets, log }, over.signal);
  await held.ended;
  expect(begun).toBe(128);
});
