/** A host that dies in the middle of everything, over the real port, and the next one, who wants to be answered at once. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Agent } from "../../src/agent/agent.ts";
import { makeOpenAgent } from "../../src/agent/open-agent.ts";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader } from "../../src/contract/frames.ts";
import type { RunningVmm } from "../../src/drivers/drivers.ts";
import { makeQemuDriver } from "../../src/drivers/qemu/qemu.ts";
import { readTscKHz } from "../../src/drivers/read-tsc-khz.ts";
import { makeCpio } from "../../src/kernels/formats/cpio.ts";
import { builtAgent, openTestSystem, type TestSystem, testConsoles } from "../host/drivers-world.ts";
import { openBootSet } from "./drivers-kernel.ts";
import { makeEcho } from "./reconnect-echo.ts";

setDefaultTimeout(300_000);

const DEADLINE_MS = 10_000;
const STALL_MS = 700;
/** Two seconds until a host counts as gone, and five for which the agent keeps a command that was hung up; the rest is for load. */
const GONE_MS = 10_000;
const never = new AbortController().signal;

interface Connection {
  readonly agent: Agent;
  readonly socket: Socket;
}

let home: TestSystem;
let vmm: RunningVmm;
let boot: string;

beforeAll(async () => {
  home = await openTestSystem();
  vmm = await launch(home);
  const { agent } = await connect(60_000);
  boot = agent.hello.boot;
  await agent[Symbol.asyncDispose]();
});

afterAll(async () => {
  await vmm?.kill();
  await home?.[Symbol.asyncDispose]();
});

test("hosts that die in the middle of a transfer both ways are followed by others, who are answered", async () => {
  await reconnect("mid-transfer", 20, (round) => Bun.sleep(5 + ((round * 37) % 200)));
});

test("so are hosts that had stopped reading", async () => {
  await reconnect("stalled reader", 10, async (_, { socket }) => {
    socket.pause();
    // Bun reads on after `pause`; nothing is read while nothing runs.
    Bun.sleepSync(STALL_MS);
  });
});

test("a command whose host does not come back is hung up", async () => {
  await using second = new AsyncDisposableStack();
  const first = await answered();
  const pid = await transfer(first.agent);
  expect(await canStartIn(first.agent, `/proc/${pid}`)).toBeTrue();
  first.socket.destroy();
  await first.agent.closed;
  // Were it only the next host that ended it, its number would stay for another five seconds.
  await Bun.sleep(GONE_MS);
  const { agent } = await answered();
  second.use(agent);
  expect(await canStartIn(agent, `/proc/${pid}`)).toBeFalse();
});

/** Dies `rounds` times after `meanwhile`, and asks each time how the guest is. */
async function reconnect(name: string, rounds: number, meanwhile: (round: number, to: Connection) => Promise<void>): Promise<void> {
  const took: number[] = [];
  const bad: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    const to = await answered().catch((thrown: unknown) => {
      bad.push(`round ${round}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    });
    took.push(performance.now() - start);
    if (to === undefined) continue;
    try {
      expect(await transfer(to.agent)).toBeGreaterThan(1);
      await meanwhile(round, to);
    } finally {
      to.socket.destroy();
      await to.agent.closed;
    }
  }
  const sorted = took.toSorted((a, b) => a - b).map((ms) => Math.round(ms));
  console.log(`${name}: ${rounds} reconnects, median ${sorted[sorted.length >> 1]} ms, worst ${sorted.at(-1)} ms, ${bad.length} bad`);
  expect(bad).toEqual([]);
}

async function answered(): Promise<Connection> {
  const to = await connect(DEADLINE_MS);
  try {
    expect(to.agent.hello.boot).toBe(boot);
    await to.agent.health(AbortSignal.timeout(DEADLINE_MS));
    return to;
  } catch (thrown) {
    await to.agent[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function connect(deadlineMs: number): Promise<Connection> {
  let socket: Socket | undefined;
  const openAgent = makeOpenAgent(home.system);
  const agent = await openAgent({ connect: async (signal) => (socket = await vmm.connectAgent(signal)), deadlineMs, signal: never });
  if (socket === undefined) throw new Error("an agent without a connection");
  return { agent, socket };
}

/** Begins to send without end to a command that sends everything back. Gives its pid once it runs. */
async function transfer(agent: Agent): Promise<number> {
  const stream = await agent.openExec(never);
  const started = pidOf(stream, "/");
  send(stream);
  return started;
}

/** Awaited, not given to `expect(...).rejects`: that one waits in the middle of Bun's HTTP/2 parser, which then stands still. */
async function canStartIn(agent: Agent, folder: string): Promise<boolean> {
  const stream = await agent.openExec(never);
  return pidOf(stream, folder).then(
    () => true,
    (thrown: Error) => {
      if (thrown.message.includes('"bad_cwd"')) return false;
      throw thrown;
    },
  );
}

/** Starts the echo on a stream. Rejects with the agent's words when it cannot be started. */
async function pidOf(stream: Duplex, cwd: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  stream.on("error", reject).on("close", () => reject(new Error("closed before it started")));
  const reader = new FrameReader();
  stream.on("data", (chunk: Uint8Array) => {
    for (const frame of reader.push(chunk)) {
      const text = frame.type === FRAME.stdout ? "" : new TextDecoder().decode(frame.payload);
      if (frame.type === FRAME.started) resolve((JSON.parse(text) as { pid: number }).pid);
      if (frame.type === FRAME.failed) reject(new Error(text));
    }
  });
  stream.write(encodeJsonFrame(FRAME.spec, { argv: ["/echo"], env: {}, cwd }));
  return promise;
}

function send(stream: Duplex): void {
  const frame = encodeFrame(FRAME.stdin, new Uint8Array(65_536).fill(7));
  const more = (): void => {
    if (!stream.destroyed) stream.write(frame);
  };
  // In a turn of its own: a stream of a connection that has just died drains at once, before anybody can tell it so.
  stream.on("drain", () => setImmediate(more));
  more();
}

async function launch({ system }: TestSystem): Promise<RunningVmm> {
  const boot = await openBootSet(system);
  const initrdPath = join(system.layout.roots.cache, "initrd-with-echo");
  const echo = makeCpio([{ kind: "file", name: "echo", mode: 0o755, content: makeEcho() }]);
  writeFileSync(initrdPath, Buffer.concat([readFileSync(boot.initrdPath), echo]));
  const driver = makeQemuDriver({ system, consoles: testConsoles(system) });
  const probe = await driver.probe(never);
  if (!probe.usable) throw new Error(probe.reason);
  const vmId = "0123456789ab";
  const runFolder = system.layout.vmRunFolder(vmId);
  const folder = system.layout.vmFolder(vmId);
  await system.files.makeFolder(runFolder);
  await system.files.makeFolder(folder);
  const tscKHz = probe.acceleration === "tcg" ? await readTscKHz(system, builtAgent(), never) : undefined;
  const { kernelPath, needsAcpi } = boot;
  return driver.launch(
    {
      ...{ vmId, name: "test", cpus: 1, memoryMiB: 256, acceleration: probe.acceleration, kernelPath, initrdPath, needsAcpi, tscKHz },
      ...{ disks: [], link: { kind: "none" }, runFolder, consoleLogPath: `${folder}/console.log`, vmmLogPath: `${folder}/vmm.log` },
    },
    never,
  );
}
