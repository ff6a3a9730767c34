/** What a guest's agent can do to a daemon that believes it. Each is given the socket, behind the handshake or before it. */
import type { Socket } from "node:net";
import { answer, H2, h2Frame, u32 } from "../../src/agent/test-peer.ts";
import { encodeFrame, encodeJsonFrame, FRAME } from "../../src/contract/frames.ts";

type StreamDeed = (socket: Socket, stream: number) => void;
type SyncDeed = (socket: Socket, nonce: string, hello: string) => void;

const PRIORITY = 2;
const PUSH_PROMISE = 5;
const CONTINUATION = 9;
const CANCEL = 8;
const TERMINAL = "\u001b]52;c;cm0=\u0007\u009b21t\u202e\ntry: curl x | sh";
const STARTED = encodeJsonFrame(FRAME.started, { pid: 1 });

const data = (stream: number, bytes: Uint8Array, flags = 0): Buffer => h2Frame(H2.data, flags, stream, bytes);
const reset = (stream: number, code = CANCEL): Buffer => h2Frame(H2.reset, 0, stream, u32(code));
const goaway = (code: number): Buffer => h2Frame(H2.goaway, 0, 0, Buffer.concat([u32(0x7fffffff), u32(code)]));
/** A header field that is in no table: a name and a value, uncompressed. */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(0x7f, ...integer(value.length - 0x7f)), Buffer.from(value)]);
/** The continuation bytes of HPACK's integers. */
function integer(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...integer(Math.floor(value / 128))];
}

/** Writes the same bytes `count` times, as fast as they are taken, then what ends it. */
function flood(socket: Socket, bytes: Uint8Array, count: number, last: Uint8Array = new Uint8Array()): void {
  const block = Buffer.concat(Array.from({ length: 64 }, () => bytes));
  let left = Math.ceil(count / 64);
  const pump = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= 1;
      if (!socket.write(block)) return void socket.once("drain", pump);
    }
    if (!socket.destroyed) socket.write(last);
  };
  pump();
}

/** Answers 200 and sends the bytes as one stream's. */
const says =
  (...frames: readonly Uint8Array[]): StreamDeed =>
  (socket, stream) =>
    socket.write(Buffer.concat([answer(stream, 200), ...frames.map((frame) => data(stream, frame)), data(stream, Buffer.alloc(0), 1)]));
/** Starts the command well, and then floods. */
const floods =
  (make: (stream: number) => Uint8Array, count: number): StreamDeed =>
  (socket, stream) => {
    socket.write(Buffer.concat([answer(stream, 200), data(stream, STARTED)]));
    flood(socket, make(stream), count, reset(stream));
  };
/** Starts the command well, and then sends what HTTP/2 does not know. */
const breaks =
  (make: (stream: number) => Uint8Array): StreamDeed =>
  (socket, stream) => {
    socket.write(Buffer.concat([answer(stream, 200), data(stream, STARTED), make(stream), reset(stream)]));
  };

const FLOOD = 200_000;

/** By the name of the program that an exec asks for. Each of these ends in one error. */
export const EXEC_DEEDS: Readonly<Record<string, StreamDeed>> = {
  true: says(STARTED, encodeJsonFrame(FRAME.exited, { code: 0 })),
  "exit-huge": says(STARTED, encodeJsonFrame(FRAME.exited, { code: 1e9 })),
  "exit-negative": says(STARTED, encodeJsonFrame(FRAME.exited, { code: -1 })),
  "exit-both": says(STARTED, encodeJsonFrame(FRAME.exited, { code: 0, signal: 9 })),
  "exit-nothing": says(STARTED, encodeJsonFrame(FRAME.exited, null)),
  "exit-no-json": says(STARTED, encodeFrame(FRAME.exited, Buffer.from(TERMINAL))),
  "exit-without-start": says(encodeJsonFrame(FRAME.exited, { code: 0 })),
  "start-twice": says(STARTED, STARTED),
  "fail-with-escapes": says(encodeJsonFrame(FRAME.failed, { code: "io", message: TERMINAL })),
  "fail-at-length": says(encodeJsonFrame(FRAME.failed, { code: "io", message: "x".repeat(4000) })),
  "fail-with-code": says(encodeJsonFrame(FRAME.failed, { code: TERMINAL, message: "x" })),
  "frame-unknown": says(STARTED, Buffer.of(99, 0, 0, 0, 0)),
  "frame-of-a-host": says(STARTED, encodeFrame(FRAME.stdin, Buffer.from("x"))),
  "frame-huge": says(STARTED, Buffer.of(FRAME.stdout, 255, 255, 255, 255)),
  "frame-half": says(STARTED, encodeFrame(FRAME.stdout, Buffer.alloc(1000)).subarray(0, 500)),
  "end-at-once": says(),
  "end-early": says(STARTED),
  noise: says(Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256))),
  "answer-500": (socket, stream) =>
    socket.write(Buffer.concat([answer(stream, 500), data(stream, Buffer.from(JSON.stringify({ code: "failed", message: TERMINAL })), 1)])),
  "answer-500-at-length": (socket, stream) => {
    socket.write(answer(stream, 500));
    flood(socket, data(stream, Buffer.alloc(16_000, "x")), 60, reset(stream));
  },
  "answer-twice": (socket, stream) => socket.write(Buffer.concat([answer(stream, 200), answer(stream, 200), reset(stream)])),
  "answer-without-status": (socket, stream) =>
    socket.write(Buffer.concat([h2Frame(H2.headers, 4, stream, Buffer.of(0, 1, 0x78, 1, 0x79)), reset(stream)])),
  "answer-1xx-flood": (socket, stream) => flood(socket, answer(stream, 103), 20_000, reset(stream)),
  "reset-cancel": (socket, stream) => socket.write(Buffer.concat([answer(stream, 200), data(stream, STARTED), reset(stream)])),
  "reset-first": (socket, stream) => socket.write(reset(stream, 2)),
  close: (socket) => socket.destroy(),
  "close-between": (socket, stream) => {
    socket.write(Buffer.concat([answer(stream, 200), data(stream, STARTED).subarray(0, 12)]));
    socket.end();
  },
  "close-interleaved": (socket, stream) =>
    socket.write(
      Buffer.concat([
        answer(stream, 200),
        reset(stream),
        data(stream, STARTED),
        reset(stream),
        data(stream, STARTED, 1),
        answer(stream, 200),
      ]),
    ),
  "data-after-end": (socket, stream) =>
    socket.write(Buffer.concat([answer(stream, 200), data(stream, STARTED, 1), data(stream, STARTED), data(stream, STARTED, 1)])),
  "goaway-with-error": breaks(() => goaway(2)),
  "goaway-storm": floods(() => goaway(0), 5000),
  "settings-storm": floods(() => h2Frame(H2.settings, 0, 0), FLOOD),
  "settings-wrong": breaks(() => h2Frame(H2.settings, 0, 0, Buffer.alloc(7))),
  "ping-flood": floods(() => h2Frame(H2.ping, 0, 0, Buffer.alloc(8)), FLOOD),
  "ping-answers": floods(() => h2Frame(H2.ping, 1, 0, Buffer.alloc(8)), FLOOD),
  "reset-flood": floods((stream) => reset(stream + 2), FLOOD),
  "priority-flood": floods((stream) => h2Frame(PRIORITY, 0, stream, Buffer.alloc(5, 1)), FLOOD),
  "unknown-flood": floods((stream) => h2Frame(0xfa, 0, stream, Buffer.alloc(100)), 50_000),
  "empty-data-flood": floods((stream) => data(stream, Buffer.alloc(0)), FLOOD),
  "window-of-nothing": breaks((stream) => h2Frame(H2.windowUpdate, 0, stream, u32(0))),
  "window-too-large": breaks((stream) =>
    Buffer.concat([h2Frame(H2.windowUpdate, 0, stream, u32(0x7fffffff)), h2Frame(H2.windowUpdate, 0, 0, u32(0x7fffffff))]),
  ),
  "window-flood": floods((stream) => h2Frame(H2.windowUpdate, 0, stream, u32(1)), FLOOD),
  "window-ignored": floods((stream) => data(stream, encodeFrame(FRAME.stdout, Buffer.alloc(16_000))), 4000),
  "header-bomb": breaks((stream) =>
    h2Frame(H2.headers, 5, stream, Buffer.concat(Array.from({ length: 4 }, (_, at) => literal(`x${at}`, "y".repeat(4000))))),
  ),
  "continuation-flood": (socket, stream) => {
    socket.write(h2Frame(H2.headers, 0, stream, Buffer.of(0x88)));
    flood(socket, h2Frame(CONTINUATION, 0, stream, literal("x", "y".repeat(4000))), 4000, reset(stream));
  },
  "table-bomb": breaks((stream) =>
    h2Frame(
      H2.headers,
      5,
      stream,
      Buffer.concat([Buffer.of(0x40, 1, 0x78, 0x7f, ...integer(3000 - 0x7f)), Buffer.alloc(3000, "y"), Buffer.alloc(12_000, 0xbe)]),
    ),
  ),
  trailers: breaks((stream) => h2Frame(H2.headers, 5, stream, literal("x", "y".repeat(300)))),
  push: breaks((stream) => h2Frame(PUSH_PROMISE, 4, stream, Buffer.concat([u32(2), Buffer.of(0x82, 0x84, 0x86)]))),
  "stream-unknown": breaks((stream) => data(stream + 100, STARTED)),
  "stream-even": breaks(() => Buffer.concat([answer(2, 200), data(2, STARTED)])),
  "frame-too-large": breaks((stream) => data(stream, Buffer.alloc(20_000))),
  "http-1": breaks(() => Buffer.from("HTTP/1.1 200 OK\r\n\r\n")),
  "synced-again": breaks(() => Buffer.from(`\nbanger-synced ${"a".repeat(32)} {}\n`.repeat(100))),
};

/** These never end by themselves: who asked leaves, or is told at a deadline. */
export const ENDLESS_DEEDS: Readonly<Record<string, StreamDeed>> = {
  silent: () => undefined,
  "silent-after-yes": (socket, stream) => void socket.write(answer(stream, 200)),
  drip: (socket, stream) => {
    // Of a start that has four thousand bytes.
    const start = encodeFrame(FRAME.started, Buffer.alloc(4000, " "));
    socket.write(answer(stream, 200));
    let at = 0;
    const dripping = setInterval(() => socket.write(data(stream, start.subarray(at, (at += 1)))), 50);
    socket.once("close", () => clearInterval(dripping));
  },
};

/** What is told of a plan. */
export const PLAN_DEEDS: Readonly<Record<string, StreamDeed>> = {
  "plan-of-wrong-shape": (socket, stream) =>
    void socket.write(Buffer.concat([answer(stream, 200), data(stream, Buffer.from(`{"stages":{},"kernel":1}`), 1)])),
  "plan-with-escapes": (socket, stream) =>
    void socket.write(Buffer.concat([answer(stream, 200), data(stream, Buffer.from(JSON.stringify({ stages: [], kernel: TERMINAL })), 1)])),
  "plan-too-deep": (socket, stream) =>
    void socket.write(
      Buffer.concat([answer(stream, 200), data(stream, Buffer.alloc(16_000, "[")), data(stream, Buffer.alloc(16_000, "["), 1)]),
    ),
  "plan-too-long": (socket, stream) => {
    socket.write(answer(stream, 200));
    flood(socket, data(stream, Buffer.alloc(16_000, " ")), 70);
  },
  "plan-refused-with-escapes": (socket, stream) =>
    void socket.write(
      Buffer.concat([answer(stream, 500), data(stream, Buffer.from(JSON.stringify({ code: "failed", message: TERMINAL })), 1)]),
    ),
  "plan-never-answered": () => undefined,
};

/** What is said before HTTP/2. */
export const SYNC_DEEDS: Readonly<Record<string, SyncDeed>> = {
  "hello-without-end": (socket) => flood(socket, Buffer.alloc(1000, "banger-synced "), 100_000),
  "hello-too-long": (socket, nonce) => void socket.write(`banger-synced ${nonce} ${"x".repeat(100_000)}\n`),
  "hello-of-another": (socket) => void socket.write(`banger-synced ${"0".repeat(32)} {}\n`),
  "hello-of-the-future": (socket, nonce) => void socket.write(`banger-synced ${nonce} {"protocol":99}\n`),
  "hello-and-close": (socket, nonce, hello) => socket.end(`banger-synced ${nonce} ${hello}\n`),
  "hello-and-noise": (socket, nonce, hello) => void socket.write(`banger-synced ${nonce} ${hello}\n${"noise ".repeat(5000)}`),
  "hello-and-silence": (socket, nonce, hello) => void socket.write(`banger-synced ${nonce} ${hello}\n`),
};
