/** The host end of the wire against the real agent as an ordinary process. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { runCommand, type Agent } from "../../src/agent/agent.ts";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader } from "../../src/contract/frames.ts";
import { openRealAgent, type RealAgent } from "./real-agent.ts";

setDefaultTimeout(30_000);
const never = new AbortController().signal;
const MIB = 1024 * 1024;

let guest: RealAgent;
/** The session now: some tests end one. */
let agent: Agent;

beforeAll(async () => {
  guest = await openRealAgent();
  ({ agent } = guest);
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await guest[Symbol.asyncDispose]();
});

const run = async (script: string, input?: string): Promise<string> => {
  const { stdout } = await runCommand(
    await agent.openExec(never),
    { argv: ["sh", "-c", script], env: {} },
    input === undefined ? {} : { input },
  );
  return stdout.toString();
};

describe("a command", () => {
  test("gets its input and gives its output, its errors and its code", async () => {
    const result = await runCommand(
      await agent.openExec(never),
      { argv: ["sh", "-c", "cat; echo bad >&2; exit 3"], env: {} },
      { input: "hello" },
    );
    expect({ ...result, stdout: String(result.stdout), stderr: String(result.stderr) }).toEqual({
      exit: { code: 3 },
      stdout: "hello",
      stderr: "bad\n",
    });
  });

  test("that ends by a signal says which", async () => {
    expect((await runCommand(await agent.openExec(never), { argv: ["sh", "-c", "kill -TERM $$"], env: {} })).exit).toEqual({ signal: 15 });
  });

  test("that does not exist is refused", async () => {
    expect(await failureOf(runCommand(await agent.openExec(never), { argv: ["/no/such"], env: {} }))).toMatchObject({
      code: "exec_not_found",
    });
  });

  test("that prints more than was asked for is given up", async () => {
    const running = runCommand(await agent.openExec(never), { argv: ["cat", "/dev/zero"], env: {} }, { maxOutputBytes: MIB });
    expect(await failureOf(running)).toMatchObject({ code: "output_too_long" });
  });

  test("whose output is read slowly loses none of it when it ends", async () => {
    for (const bytes of [0, 100_000, 400_000, 900_000]) {
      const stream = await agent.openExec(never);
      stream.write(encodeJsonFrame(FRAME.spec, { argv: ["head", "-c", String(bytes), "/dev/zero"], env: {} }));
      stream.write(encodeFrame(FRAME.stdinEnd));
      const reader = new FrameReader();
      let printed = 0;
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        for (const { type, payload } of reader.push(chunk)) if (type === FRAME.stdout) printed += payload.length;
        // Not a wait for anything: a reader that is slower than the command.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(printed).toBe(bytes);
    }
  });

  test("of many at once", async () => {
    const numbers = Array.from({ length: 40 }, (_, at) => String(at));
    expect(await Promise.all(numbers.map((number) => run(`echo ${number}`)))).toEqual(numbers.map((number) => `${number}\n`));
  });

  test("gets SIGHUP when its stream is destroyed", async () => {
    const mark = `${guest.folder}/hup`;
    const stream = await start(`trap 'echo hup > ${mark}; exit' HUP; echo ready; while :; do sleep 0.02; done`);
    await untilSaid(stream, "ready");
    stream.destroy();
    expect(await run(`while [ ! -s ${mark} ]; do sleep 0.01; done; cat ${mark}`)).toBe("hup\n");
  });

  test("gets SIGHUP when its connection dies, and the next connection works", async () => {
    const mark = `${guest.folder}/hup2`;
    const stream = await start(`trap 'echo hup > ${mark}; exit' HUP; echo ready; while :; do sleep 0.02; done`);
    await untilSaid(stream, "ready");
    stream.on("error", () => undefined);
    await agent[Symbol.asyncDispose]();
    agent = await guest.reopen();
    expect(await run(`while [ ! -s ${mark} ]; do sleep 0.01; done; cat ${mark}`)).toBe("hup\n");
  });

  test("sees the end of input by half-close", async () => {
    const stream = await start("cat");
    stream.write(encodeFrame(FRAME.stdin, Buffer.from("tail")));
    stream.end();
    expect((await collect(stream)).stdout).toBe(4);
  });
});

describe("64 MiB", () => {
  const bytes = 64 * MIB;

  test("and eight times as much come out in bounded memory", async () => {
    const before = settledMemory();
    const stream = await start(`head -c ${8 * bytes} /dev/zero`);
    stream.write(encodeFrame(FRAME.stdinEnd));
    expect((await collect(stream)).stdout).toBe(8 * bytes);
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * bytes);
  });

  test("go in", async () => {
    const stream = await start("wc -c");
    const block = encodeFrame(FRAME.stdin, new Uint8Array(65_536));
    const collected = collect(stream);
    for (let sent = 0; sent < bytes; sent += 65_536) if (!stream.write(block)) await once(stream, "drain");
    stream.write(encodeFrame(FRAME.stdinEnd));
    expect((await collected).text).toBe(`${bytes}\n`);
  });

  test("that nobody reads hold up neither the memory nor the other streams", async () => {
    const stuck = await start("cat /dev/zero");
    stuck.once("readable", () => stuck.read(1));
    const before = settledMemory();
    for (let turn = 0; turn < 200; turn += 1) expect(await run("echo on")).toBe("on\n");
    expect(settledMemory() - before).toBeLessThan(bytes);
    stuck.destroy();
  });
});

describe("a port in the guest", () => {
  test("is reached, with half-close both ways", async () => {
    await using server = await listen((socket) => socket.pipe(socket));
    const stream = await agent.dial(server.port, never);
    stream.end("echo");
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    expect(text).toBe("echo");
  });

  test("that nobody listens on is refused", async () => {
    const port = await listen(() => undefined).then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server.port;
    });
    expect(await failureOf(agent.dial(port, never))).toMatchObject({ kind: "refused", code: "guest_port_closed" });
  });
});

test("a host that died in the middle of a frame does not disturb the next", async () => {
  await agent[Symbol.asyncDispose]();
  for (const cut of [1, 9, 10, 500, 16_000]) {
    const broken = await guest.vmm.connectAgent(never);
    broken.write(Buffer.alloc(32_768));
    broken.write(`banger-sync ${"a".repeat(32)}\n`);
    await once(broken, "data");
    broken.write(
      Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Buffer.from([0, 64, 0, 0, 0, 0, 0, 0, 1]),
        Buffer.alloc(16_384),
      ]).subarray(0, 24 + cut),
    );
    broken.destroy();
    agent = await guest.reopen();
    expect(await run("echo fine")).toBe("fine\n");
    await agent[Symbol.asyncDispose]();
  }
  agent = await guest.reopen();
});

async function start(script: string): Promise<Duplex> {
  const stream = await agent.openExec(never);
  stream.write(encodeJsonFrame(FRAME.spec, { argv: ["sh", "-c", script], env: {} }));
  return stream;
}

async function collect(stream: Duplex): Promise<{ readonly stdout: number; readonly text: string }> {
  const reader = new FrameReader();
  let stdout = 0;
  let text = "";
  for await (const chunk of stream) {
    for (const { type, payload } of reader.push(chunk as Uint8Array)) {
      if (type !== FRAME.stdout) continue;
      stdout += payload.length;
      if (text.length < 100) text += Buffer.from(payload.subarray(0, 100)).toString();
    }
  }
  return { stdout, text };
}

async function listen(serve: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it has no port");
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

/** The first bytes say only that the shell was started, not that it has come anywhere. */
async function untilSaid(stream: Duplex, word: string): Promise<void> {
  let said = "";
  while (!said.includes(word)) said += String((await once(stream, "data"))[0]);
}

/** What the process takes when what it let go of is counted out. */
function settledMemory(): number {
  Bun.gc(true);
  return process.memoryUsage().rss;
}

describe("looking into the guest", () => {
  test("tells what it uses, in numbers that rise", async () => {
    const before = await agent.stats(never);
    await run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    const after = await agent.stats(never);
    expect(after.cpu.busyMs).toBeGreaterThan(before.cpu.busyMs);
    expect(after.uptimeMs).toBeGreaterThan(before.uptimeMs);
    expect(after.memory.totalBytes).toBeGreaterThan(after.memory.availableBytes);
    expect(after.root.totalBytes).toBeGreaterThan(after.root.usedBytes);
    expect(after.home).toBeNull();
  });

  test("tells what listens, with its process, and no longer what has ended", async () => {
    const server = createServer().listen(0, "::1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const found = async () => (await agent.ports(never)).ports.filter((seen) => seen.port === port);
    expect(await found()).toMatchObject([{ protocol: "tcp", address: "::1", process: { pid: process.pid } }]);
    server.close();
    await once(server, "close");
    expect(await found()).toEqual([]);
  });

  test("does not keep commands waiting", async () => {
    const looks = Promise.allSettled(Array.from({ length: 50 }, () => agent.ports(never)));
    expect(await run("echo meanwhile")).toBe("meanwhile\n");
    const codes = (await looks).map((look) => (look.status === "fulfilled" ? "seen" : (look.reason as { code: string }).code));
    expect(codes).toContain("seen");
    expect(codes.filter((code) => code !== "seen" && code !== "guest_busy")).toEqual([]);
  });
});
