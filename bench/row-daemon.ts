/**
 * Row 10: the daemon as a server. The list of a hundred vms against the rate of a hello-world server of the same runtime (at least 0.4 of
 * it: a request may take 2.5 times as long), over the same kind of socket and by the same client. How often its threads are woken while
 * twenty vms do nothing, when it made them and when it found them running at its start. How long the slowest of a hundred GETs
 * waits while a kernel is pulled, against the same without.
 */
import { once } from "node:events";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { DEBIAN_KERNEL } from "../test/support/goods.ts";
import { closeWorld, openWorld, type World } from "../test/support/world.ts";
import { connectTo } from "./connect.ts";
import { daemonPidOf, sleepsBetween, sleepsOf } from "./daemon-process.ts";
import { openFakeVms } from "./fake-vms.ts";
import { timePerRequest } from "./http-load.ts";
import { compare, goal, type Row } from "./measure.ts";
import { slowestUntil, socketOf } from "./slowest-get.ts";

const LISTED = 100;
const IDLE = 20;
const CONNECTIONS = 4;
const REQUESTS = 250;
const RUNS = 9;
/** Requests of each connection before the first run. */
const WARM_UP = 2500;
const WAKEUPS_A_SECOND = 10;
const IDLE_MS = 10_000;
/** What a daemon does soon after its start is not what it does while idle. */
const SETTLE_MS = 5_000;
const PULLS = 3;

export async function* measureDaemon(): AsyncIterable<Row> {
  yield await measureList();
  yield* measureIdle();
  yield await measurePull();
}

async function measureList(): Promise<Row> {
  const { world } = await openFakeVms(LISTED, false);
  const helloSocket = join(world.folder, "hello.sock");
  // In a session of its own, as the daemon is: the kernel shares processors out among sessions, and wakes within one sooner.
  const hello = spawn(process.execPath, [join(import.meta.dir, "hello-server.ts"), helloSocket], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(hello.stdout, "data");
    // A rate is what is held: both have been asked so often that the runtime has compiled what they do.
    for (const [socket, path] of [
      [socketOf(world), "/v1/vms"],
      [helloSocket, "/"],
    ] as const) {
      await timePerRequest(socket, path, CONNECTIONS, WARM_UP);
    }
    return await compare({
      row: 10,
      operation: `list of ${LISTED} vms, a request`,
      target: 1 / 0.4,
      runs: RUNS,
      ours: { what: "GET /v1/vms", run: () => timePerRequest(socketOf(world), "/v1/vms", CONNECTIONS, REQUESTS) },
      other: { what: "hello-world server", run: () => timePerRequest(helloSocket, "/", CONNECTIONS, REQUESTS) },
    });
  } finally {
    hello.kill();
    await closeWorld(world);
  }
}

async function* measureIdle(): AsyncIterable<Row> {
  const { world } = await openFakeVms(IDLE, true);
  try {
    yield await measureWakeups(world, `daemon, ${IDLE} vms that it made`);
    await world.ok(["daemon", "stop"]);
    await world.ok(["ps"]);
    yield await measureWakeups(world, `daemon, ${IDLE} vms that it found`);
  } finally {
    await closeWorld(world);
  }
}

async function measureWakeups(world: World, what: string): Promise<Row> {
  const pid = daemonPidOf(world);
  await sleep(SETTLE_MS);
  return compare({
    row: 10,
    operation: "wake-ups while idle",
    target: 1,
    runs: 2,
    unit: "per s",
    ours: {
      what,
      run: async () => {
        const before = sleepsOf(pid);
        await sleep(IDLE_MS);
        return sleepsBetween(before, sleepsOf(pid)) / (IDLE_MS / 1000);
      },
    },
    other: goal(WAKEUPS_A_SECOND),
  });
}

async function measurePull(): Promise<Row> {
  const world = await openWorld({ isolatedGoods: true, isolatedCache: true });
  try {
    const client = await connectTo(world);
    const kernel = { kernel: DEBIAN_KERNEL };
    // With nothing to take from the cache: fetching, verifying and unpacking are all in it.
    const pull = async (): Promise<void> => {
      await client.call("kernel.pull", { name: DEBIAN_KERNEL });
      await client.call("kernel.delete", kernel);
      await Bun.$`rm -rf ${join(world.folder, "cache/banger/downloads")}`.quiet();
    };
    let pullMs = 0;
    return await compare({
      row: 10,
      operation: "slowest of 100 GETs, during a pull",
      target: 5,
      runs: PULLS,
      ours: {
        what: "while a kernel is pulled",
        run: async () => {
          const started = performance.now();
          const pulling = pull();
          const p99 = await slowestUntil(world, pulling);
          pullMs = performance.now() - started;
          return p99;
        },
      },
      other: { what: "while nothing is", run: () => slowestUntil(world, sleep(Math.max(pullMs, SETTLE_MS))) },
    });
  } finally {
    await closeWorld(world);
  }
}
