import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { BangerError } from "../contract/errors.ts";
import type { Agent } from "./agent.ts";
import { makeOpenAgent } from "./open-agent.ts";
import { testSystem } from "./test-system.ts";
import { answer, H2, h2Frame, HELLO, onSync, serveFrames, startPeer, u32, type H2Frame } from "./test-peer.ts";

const DEADLINE_MS = 700;
const QUICK_PINGS = { pingEveryMs: 20, pingDeadlineMs: 150 };
const never = new AbortController().signal;

async function open(serve: (socket: Socket) => void, signal: AbortSignal = never, deadlineMs = DEADLINE_MS): Promise<Agent> {
  const peer = await startPeer(serve);
  try {
    return await makeOpenAgent(testSystem, QUICK_PINGS)({ connect: () => peer.dial(), deadlineMs, signal });
  } finally {
    setTimeout(() => peer[Symbol.dispose](), 2000).unref();
  }
}

async function failureOf(work: Promise<unknown>): Promise<BangerError> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof BangerError) return thrown;
    throw thrown;
  }
  throw new Error("it did not fail");
}

/** A peer that starts well and answers pings; `onFrame` does the rest. */
function framePeer(onFrame: (frame: H2Frame, socket: Socket) => void): (socket: Socket) => void {
  return (socket) =>
    serveFrames(socket, (frame) => {
      if (frame.type === H2.ping && (frame.flags & 1) === 0) socket.write(h2Frame(H2.ping, 1, 0, frame.payload));
      onFrame(frame, socket);
    });
}

function synced(line: (nonce: string) => string): (socket: Socket) => void {
  return (socket) => onSync(socket, (nonce) => socket.write(line(nonce)));
}

describe("opening an agent whose guest", () => {
  const cases: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ["never answers", () => undefined, "guest_silent"],
    ["closes at once", (socket) => socket.destroy(), "guest_connection_lost"],
    [
      "ends in the middle of its line",
      (socket) => onSync(socket, (nonce) => socket.end(`banger-synced ${nonce} {"proto`)),
      "guest_connection_lost",
    ],
    ["answers with the wrong nonce", synced(() => `banger-synced ${"0".repeat(32)} ${JSON.stringify(HELLO)}\n`), "guest_silent"],
    ["speaks another protocol", synced((nonce) => `banger-synced ${nonce} {"protocol":7}\n`), "agent_protocol_mismatch"],
    ["answers with a huge line", synced((nonce) => `banger-synced ${nonce} ${"x".repeat(100_000)}`), "guest_garbled"],
    ["answers with nonsense", synced((nonce) => `banger-synced ${nonce} \u0000\u001b]0;\n`), "guest_garbled"],
    ["answers with JSON too deep to read", synced((nonce) => `banger-synced ${nonce} ${"[".repeat(4000)}\n`), "guest_garbled"],
    ["drips one byte at a time", drip, "guest_silent"],
  ];
  test.each(cases)("%s", async (_name, serve, code) => {
    const started = performance.now();
    expect((await failureOf(open(serve))).code).toBe(code);
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS + 500);
  });

  test("floods gives up with bounded memory", async () => {
    const before = process.memoryUsage().rss;
    const flood = (socket: Socket): void => {
      const block = Buffer.alloc(65_536, "banger-synced ");
      const pump = (): void => {
        while (!socket.destroyed && socket.write(block)) continue;
      };
      socket.on("drain", pump);
      pump();
    };
    const error = await failureOf(open(flood, never, 20_000));
    expect(error.code).toBe("guest_garbled");
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  }, 30_000);

  test("replays an old answer before the new one is believed only for the new one", async () => {
    const replay = (socket: Socket): void =>
      onSync(socket, (nonce) => {
        socket.write(`banger-hello {}\nbanger-synced ${"a".repeat(32)} ${JSON.stringify({ ...HELLO, boot: "b".repeat(32) })}\n`);
        socket.write(`banger-synced ${nonce} ${JSON.stringify(HELLO)}\n`);
      });
    await using agent = await open(replay);
    expect(agent.hello).toEqual(HELLO);
  });

  test("is silent can be cancelled", async () => {
    const controller = new AbortController();
    const opening = failureOf(open(() => undefined, controller.signal));
    controller.abort();
    expect((await opening).kind).toBe("cancelled");
  });
});

function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write("b"), 5);
  socket.on("close", () => clearInterval(timer));
}

describe("an open agent whose guest", () => {
  test("stops answering is noticed by ping", async () => {
    await using agent = await open((socket) => serveFrames(socket, () => undefined));
    expect(await agent.closed).toContain("did not answer a ping");
  });

  test("stands still is not taken for dead until it goes on", async () => {
    await using agent = await open((socket) => serveFrames(socket, () => undefined));
    agent.hold();
    agent.hold();
    const still = new Promise((resolve) => setTimeout(resolve, QUICK_PINGS.pingDeadlineMs * 3, "still open"));
    expect(await Promise.race([agent.closed, still])).toBe("still open");
    agent.goOn();
    expect(await agent.closed).toContain("did not answer a ping");
  });

  test("closes is noticed", async () => {
    await using agent = await open(framePeer((frame, socket) => void (frame.type === H2.headers && socket.destroy())));
    expect((await failureOf(agent.health(never))).code).toMatch(/guest_(stream_reset|connection_lost)/);
    expect(await agent.closed).toBe("the connection ended");
    expect((await failureOf(agent.health(never))).code).toBe("guest_connection_lost");
  });

  test("sends bytes that are not HTTP/2 is left", async () => {
    const peer = synced((nonce) => `banger-synced ${nonce} ${JSON.stringify(HELLO)}\n${"garbage ".repeat(4000)}`);
    await using agent = await open(peer);
    expect(await agent.closed).toMatch(/protocol|ended|ping/);
  });

  test("sends a frame above the agreed size is left", async () => {
    const peer = framePeer((frame, socket) => {
      if (frame.type === H2.headers)
        socket.write(Buffer.concat([answer(frame.stream, 200), h2Frame(H2.data, 0, frame.stream, Buffer.alloc(20_000))]));
    });
    await using agent = await open(peer);
    await failureOf(agent.health(never));
    expect(await agent.closed).toMatch(/protocol|ended/);
  });

  test("answers more than a mebibyte is refused", async () => {
    const peer = framePeer((frame, socket) => {
      if (frame.type !== H2.headers && frame.type !== H2.windowUpdate) return;
      if (frame.type === H2.headers) socket.write(answer(frame.stream, 200));
      for (let sent = 0; sent < 40; sent += 1) socket.write(h2Frame(H2.data, 0, 1, Buffer.alloc(16_000, 0x20)));
    });
    await using agent = await open(peer);
    expect((await failureOf(agent.health(never))).code).toBe("guest_garbled");
  });

  const bodies = [
    "",
    "{}",
    `{"state":"waiting","uptimeMs":1,"init":"agent","x":1}`,
    `{"state":"on","uptimeMs":1,"init":"agent"}`,
    "[".repeat(100_000),
  ];
  test.each(bodies)("answers JSON of the wrong shape is refused: %.40s", async (body) => {
    await using agent = await open(answering(200, body));
    expect((await failureOf(agent.health(never))).code).toBe("guest_garbled");
  });

  test.each([`{"met":1,"ms":1,"why":null}`, `{"met":true,"ms":1}`, `{"met":false,"ms":1,"why":"${"x".repeat(5000)}"}`])(
    "answers a waiting in the wrong shape is refused: %.40s",
    async (body) => {
      await using agent = await open(answering(200, body));
      expect((await failureOf(agent.waitFor({ kind: "tcp", port: 1 }, 10, never))).code).toBe("guest_garbled");
    },
  );

  test.each([`{"clockBehindMs":1.5}`, `{"clockBehindMs":1e300}`, "{}"])(
    "answers an amendment in the wrong shape is refused: %s",
    async (body) => {
      await using agent = await open(answering(200, body));
      expect((await failureOf(agent.amend({ time: { unixMs: 1 } }, never))).code).toBe("guest_garbled");
    },
  );

  test("says why something is not so has its text escaped", async () => {
    await using agent = await open(answering(200, `{"met":false,"ms":1,"why":"no\\u001b[2J"}`));
    expect(await agent.waitFor({ kind: "file", path: "/x" }, 10, never)).toEqual({ met: false, why: "no\\x1b[2J" });
  });

  test.each([...bodies, `{"ports":[],"complete":1}`, `{"cpus":1e999}`])("lies about stats and ports is refused: %.40s", async (body) => {
    await using agent = await open(answering(200, body));
    expect((await failureOf(agent.stats(never))).code).toBe("guest_garbled");
    expect((await failureOf(agent.ports(never))).code).toBe("guest_garbled");
  });

  test("is older than stats and ports is told from one that refuses", async () => {
    await using old = await open(answering(404, `{"code":"not_found","message":"there is no /stats here"}`));
    expect(await failureOf(old.stats(never))).toMatchObject({ code: "agent_too_old", hint: expect.stringContaining("start it again") });
    await using busy = await open(answering(503, `{"code":"busy","message":"later"}`));
    expect((await failureOf(busy.ports(never))).code).toBe("guest_busy");
  });

  test("answers well is believed", async () => {
    await using agent = await open(answering(200, `{"state":"waiting","uptimeMs":1,"init":"agent"}`));
    expect(await agent.health(never)).toEqual({ state: "waiting", uptimeMs: 1, init: "agent" });
  });

  test("refuses is quoted with its text escaped", async () => {
    await using agent = await open(answering(409, `{"code":"other_plan","message":"no\\u001b[2J"}`));
    const error = await failureOf(agent.health(never));
    expect(error.code).toBe("guest_other_plan");
    expect(error.kind).toBe("refused");
    expect(error.message).toContain("no\\x1b[2J");
  });

  test("never answers a request can be given up", async () => {
    const resets: number[] = [];
    await using agent = await open(framePeer((frame) => void (frame.type === H2.reset && resets.push(frame.payload.readUInt32BE()))));
    const controller = new AbortController();
    const asking = failureOf(agent.health(controller.signal));
    setTimeout(() => controller.abort(), 20);
    expect((await asking).code).toBe("cancelled");
  });
});

/** Answers every request with `status` and `body`. */
function answering(status: number, body: string): (socket: Socket) => void {
  return framePeer((frame, socket) => {
    if (frame.type !== H2.headers) return;
    socket.write(answer(frame.stream, status));
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 16_000) socket.write(h2Frame(H2.data, 0, frame.stream, bytes.subarray(at, at + 16_000)));
    socket.write(h2Frame(H2.data, 1, frame.stream));
  });
}

test("an answer that comes in one breath with the hang-up is an answer", async () => {
  const body = JSON.stringify({ state: "configured", uptimeMs: 1, init: "agent" });
  for (let round = 0; round < 20; round += 1) {
    const peer = framePeer(({ type, stream }, socket) => {
      if (type !== H2.headers) return;
      socket.end(Buffer.concat([answer(stream, 200), h2Frame(H2.data, 1, stream, Buffer.from(body))]));
    });
    await using agent = await open(peer);
    expect(await agent.health(never)).toMatchObject({ state: "configured" });
  }
});

describe("an exec stream whose guest", () => {
  /** Answers 200 and `hello`, then does `after` once. */
  const exec = (after: (stream: number, socket: Socket) => void): ((socket: Socket) => void) =>
    framePeer((frame, socket) => {
      if (frame.type !== H2.headers) return;
      socket.write(answer(frame.stream, 200));
      socket.write(h2Frame(H2.data, 0, frame.stream, Buffer.from("hello")));
      setTimeout(() => after(frame.stream, socket), 20);
    });

  async function readAll(agent: Agent, endFirst: boolean): Promise<string> {
    const stream = await agent.openExec(never);
    if (endFirst) stream.end();
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text;
  }

  for (const endFirst of [false, true]) {
    const when = endFirst ? "after our end" : "before our end";
    test(`ends well gives all bytes, ${when}`, async () => {
      await using agent = await open(exec((stream, socket) => socket.write(h2Frame(H2.data, 1, stream))));
      expect(await readAll(agent, endFirst)).toBe("hello");
    });

    test.each([0, 2, 8])(`resets with code %i is an error, ${when}`, async (code) => {
      await using agent = await open(exec((stream, socket) => socket.write(h2Frame(H2.reset, 0, stream, u32(code)))));
      expect((await failureOf(readAll(agent, endFirst))).code).toBe("guest_stream_reset");
    });

    test(`dies is an error, ${when}`, async () => {
      await using agent = await open(exec((_stream, socket) => socket.destroy()));
      expect((await failureOf(readAll(agent, endFirst))).code).toMatch(/guest_(connection_lost|stream_reset)/);
    });

    test(`ends well and hangs up in one breath gives all bytes, ${when}, also to who reads slowly`, async () => {
      const block = Buffer.alloc(16_000, "b");
      for (let round = 0; round < 30; round += 1) {
        const peer = framePeer(({ type, stream }, socket) => {
          if (type !== H2.headers) return;
          const blocks = Array.from({ length: round }, () => h2Frame(H2.data, 0, stream, block));
          const all = Buffer.concat([answer(stream, 200), ...blocks, h2Frame(H2.data, 1, stream, Buffer.from("end"))]);
          // More than the socket takes at once: Bun's end() drops what is left of it when something arrives meanwhile.
          socket.write(all, () => socket.end());
        });
        await using agent = await open(peer);
        const stream = await agent.openExec(never);
        if (endFirst) stream.end();
        if (round % 3 === 1) await new Promise((resolve) => stream.once("readable", resolve));
        if (round % 3 === 2) await agent.closed;
        let bytes = 0;
        for await (const chunk of stream) {
          bytes += (chunk as Buffer).length;
          if (round % 2 === 1) await new Promise((resolve) => setImmediate(resolve));
        }
        expect({ round, bytes }).toEqual({ round, bytes: round * block.length + 3 });
      }
    });

    test(`hangs up before its end is an error, ${when}, after whatever came`, async () => {
      for (let round = 0; round < 10; round += 1) {
        await using agent = await open(exec((stream, socket) => socket.end(h2Frame(H2.data, 0, stream, Buffer.alloc(round * 1000)))));
        expect((await failureOf(readAll(agent, endFirst))).code).toMatch(/guest_(connection_lost|stream_reset)/);
      }
    });

    test(`says goaway is an error, ${when}`, async () => {
      await using agent = await open(
        exec((stream, socket) => socket.write(h2Frame(H2.goaway, 0, 0, Buffer.concat([u32(stream), u32(2)])))),
      );
      expect((await failureOf(readAll(agent, endFirst))).code).toMatch(/guest_/);
      expect(await agent.closed).toMatch(/guest|connection/);
    });
  }

  test("refuses is an error of the stream", async () => {
    await using agent = await open(answering(400, `{"code":"bad_spec","message":"no argv"}`));
    expect((await failureOf(readAll(agent, false))).code).toBe("guest_bad_spec");
  });

  test("ends well and then resets keeps what was not yet read", async () => {
    const peer = exec((stream, socket) => socket.write(Buffer.concat([h2Frame(H2.data, 1, stream), h2Frame(H2.reset, 0, stream, u32(8))])));
    await using agent = await open(peer);
    const stream = await agent.openExec(never);
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.write("late");
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    expect(text).toBe("hello");
  });

  test("is left by destroy gets a reset with CANCEL", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const peer = framePeer((frame, socket) => {
      if (frame.type === H2.headers) socket.write(answer(frame.stream, 200));
      if (frame.type === H2.reset) resolve(frame.payload.readUInt32BE());
    });
    await using agent = await open(peer);
    const stream = await agent.openExec(never);
    stream.write("x");
    setTimeout(() => stream.destroy(), 30);
    expect(await promise).toBe(8);
  });

  test("sends more than is read is held at the window", async () => {
    let sent = 0;
    const peer = framePeer((frame, socket) => {
      if (frame.type === H2.headers) socket.write(answer(frame.stream, 200));
      const isCredit = frame.type === H2.windowUpdate && frame.stream !== 0;
      const credit = frame.type === H2.headers ? 1024 * 1024 : isCredit ? frame.payload.readUInt32BE() : 0;
      for (let left = credit; left >= 16_384; left -= 16_384)
        sent += Number(socket.write(h2Frame(H2.data, 0, 1, Buffer.alloc(16_384))) || true) * 16_384;
    });
    await using agent = await open(peer);
    const stream = await agent.openExec(never);
    stream.once("readable", () => stream.read(1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeLessThanOrEqual(2 * 1024 * 1024);
    stream.destroy();
  });

  test("takes nothing holds the writer back", async () => {
    await using agent = await open(
      framePeer((frame, socket) => void (frame.type === H2.headers && socket.write(answer(frame.stream, 200)))),
    );
    const stream = await agent.openExec(never);
    const block = Buffer.alloc(65_536);
    let written = 0;
    const pump = (): void => {
      do written += block.length;
      while (stream.write(block));
    };
    stream.on("drain", pump);
    pump();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(1024 * 1024);
    stream.destroy();
  });
});
