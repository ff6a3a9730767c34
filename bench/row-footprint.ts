/**
 * Row 3: what vms take while they do nothing. Disk: a real guest, some time after its boot. Memory of the daemon: with twenty vms of the
 * fake driver, whose guests are agents as ordinary processes (everything of the daemon is the same but the monitors of QEMU); and with as
 * many real guests as fit into half of the memory that is free, at most twenty. BANGER_BENCH_GUESTS sets how many real ones.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openGoods } from "../test/support/goods.ts";
import { closeWorld, openWorld, type World } from "../test/support/world.ts";
import { connectTo } from "./connect.ts";
import { daemonPidOf, rssOf } from "./daemon-process.ts";
import { openFakeVms } from "./fake-vms.ts";
import { compare, goal, type Row } from "./measure.ts";

const VMS = 20;
const RUNS = 5;
const DISK_GOAL_BYTES = 8 * 2 ** 20;
const DAEMON_GOAL_BYTES = 60_000_000;
/** What an idle guest of the tests takes of the host, and some. */
const GUEST_BYTES = 300 * 2 ** 20;
/** Long enough for what a file system does lazily after it was mounted, and for the daemon to give back what making vms has taken. */
const IDLE_MS = 30_000;
/** The collector of the runtime comes by every ten seconds. */
const BETWEEN_MS = 4000;

export async function* measureFootprint(): AsyncIterable<Row> {
  const fake = await openFakeVms(VMS, true);
  try {
    await sleep(IDLE_MS);
    yield await daemonMemory(fake.world, `daemon, ${VMS} vms of the fake driver`);
  } finally {
    await closeWorld(fake.world);
  }
  const { kernel } = await openGoods();
  const world = await openWorld();
  try {
    const client = await connectTo(world);
    const count = guestsThatFit();
    for (let made = 0; made < count; made += 1) await client.call("vm.create", { name: `vm-${made}`, kernel });
    await sleep(IDLE_MS);
    yield await daemonMemory(world, `daemon, ${count} real guest${count === 1 ? "" : "s"}`);
    yield await compare({
      row: 3,
      operation: `disk of an idle vm, ${kernel}`,
      target: 1,
      runs: RUNS,
      unit: "bytes",
      ours: {
        what: "layer, work disk and logs",
        run: async () => {
          const { vms } = await client.call("vm.stats", {});
          return vms.reduce((sum, { diskBytes }) => sum + diskBytes, 0) / vms.length;
        },
      },
      other: goal(DISK_GOAL_BYTES),
    });
  } finally {
    await closeWorld(world);
  }
}

/** Of one that nobody asks for anything. */
function daemonMemory(world: World, what: string): Promise<Row> {
  const pid = daemonPidOf(world);
  return compare({
    row: 3,
    operation: "memory of the daemon",
    target: 1,
    runs: RUNS,
    unit: "bytes",
    ours: {
      what,
      run: async () => {
        await sleep(BETWEEN_MS);
        return rssOf(pid);
      },
    },
    other: goal(DAEMON_GOAL_BYTES),
  });
}

function guestsThatFit(): number {
  const set = process.env["BANGER_BENCH_GUESTS"];
  if (set !== undefined) return Number(set);
  const free = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
  return Math.max(1, Math.min(VMS, Math.floor(free / 2 / GUEST_BYTES)));
}
