/**
 * Vms are made and deleted for long by one daemon, and at the end it holds what it held at first: descriptors, files, leases, processes and
 * memory.
 *
 * BANGER_TEST_CYCLES, BANGER_TEST_VM_CYCLES: how often, with guests of the fake driver and with real ones.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { daemonSocketOf, findRoots } from "../../src/contract/roots.ts";
import { openClient } from "../../src/sdk/open-client.ts";
import { openGoods } from "../support/goods.ts";
import { isFull } from "../support/seeded.ts";
import { processesOf, withWorld, type World } from "../support/world.ts";
import { dumpDatabase, listFolders } from "../support/world-state.ts";
import { untilQuiet } from "../support/until-quiet.ts";

interface Soak {
  readonly driver: "fake" | "qemu";
  /** Before the first look. */
  readonly warmUp: number;
  readonly cycles: number;
  /** How much more memory there may be at the end than at the first look, and more on disk, as parts of that. */
  readonly most: { readonly memory: number; readonly bytes: number };
}

const FULL = { memory: 0.02, bytes: 0.02 };
/** A daemon that is young has code to load, and operations to remember: of these it keeps 1000, and is then as large as it gets. */
const SAMPLE = { memory: 0.25, bytes: 1 };
/** Two operations each: when so many are over, none of those is left that were there before. */
const FORGETTING_CYCLES = 600;

const FAKE_CYCLES = Number(process.env["BANGER_TEST_CYCLES"] ?? (isFull ? 2000 : 40));
const VM_CYCLES = Number(process.env["BANGER_TEST_VM_CYCLES"] ?? (isFull ? 50 : 2));

const SOAKS: readonly Soak[] = [
  { driver: "fake", warmUp: isFull ? FORGETTING_CYCLES : 20, cycles: FAKE_CYCLES, most: isFull ? FULL : SAMPLE },
  { driver: "qemu", warmUp: isFull ? 5 : 1, cycles: VM_CYCLES, most: isFull ? FULL : SAMPLE },
];

/**
 * What is resident is to be what is in use. So the runtime collects as soon as it is idle, and all that there is rather than what is young; it
 * compiles no code once more to make it faster, which would go on for thousands of cycles; and what it freed it keeps for nothing. A
 * collection comes some time after the work: the least of some looks is taken.
 */
const TIDY = { BUN_GC_TIMER_INTERVAL: "100", BUN_JSC_useGenerationalGC: "0", BUN_JSC_useDFGJIT: "0", MIMALLOC_PURGE_DELAY: "0" };
const LOOKS = isFull ? 100 : 8;
const LOOK_EVERY_MS = 200;
/** Of what is under way and has a moment to end. */
const MOST_LOOKS = 100;
/** In the table of unix sockets. */
const CONNECTED = "03";

setDefaultTimeout(120_000 + FAKE_CYCLES * 2000 + VM_CYCLES * 30_000);

test.each(SOAKS.map((soak) => [soak.cycles, soak.driver, soak] as const))(
  "%p vms of driver %s are made and deleted, and the daemon is as before",
  async (_cycles, driver, { warmUp, cycles, most }) => {
    const goods = await openGoods();
    await withWorld({ config: `[drivers]\norder = ["fake", "qemu"]\n`, env: TIDY }, async (world) => {
      await world.ok(["daemon", "start"]);
      const pid = world.daemonPid();
      const client = openClient({ socketPath: daemonSocketOf(findRoots(world.environment)) });
      let made = 0;
      const cycle = async (times: number, how: Soak["driver"]): Promise<void> => {
        for (let done = 0; done < times; done += 1, made += 1) {
          const vm = `vm-${made}`;
          await client.call("vm.create", { name: vm, kernel: goods.kernel, driver: how, memory: "256M" });
          await client.call("vm.delete", { vm, force: true });
        }
      };
      if (driver === "qemu" && isFull) await cycle(FORGETTING_CYCLES, "fake");
      await cycle(warmUp, driver);
      const before = await look(world, pid);
      await cycle(cycles, driver);
      const after = await look(world, pid, before);
      console.log(`${driver}, ${cycles} cycles: ${wordsOf(before)}; then ${wordsOf(after)}`);
      expect(after.things).toEqual(before.things);
      // Ours.
      expect(after.connections).toBeLessThanOrEqual(1);
      expect((after.memory.own - before.memory.own) / before.memory.all).toBeLessThan(most.memory);
      expect(after.bytes / before.bytes).toBeLessThan(1 + most.bytes);
      expect(world.daemonPid()).toBe(pid);
    });
  },
);

/** What is counted, with nothing but the kind of each thing that has a name of its own. */
interface Things {
  /** Without connections of clients: one that goes on asking is kept for a while. */
  readonly descriptors: readonly string[];
  readonly files: readonly string[];
  readonly leases: readonly string[];
  readonly processes: readonly string[];
  /** Also those that have ended and that the daemon has not taken note of. */
  readonly children: number;
}

interface Held {
  readonly things: Things;
  /** Of clients. */
  readonly connections: number;
  /** Of the daemon, resident, in bytes: its own, and with the pages of its program, which come and go. */
  readonly memory: { readonly own: number; readonly all: number };
  /** What the files of state and run take on disk, without the daemon's log, which has a size of its own to grow to. */
  readonly bytes: number;
}

/** @param wanted when given, it is waited for things to be as there. */
async function look(world: World, pid: number | undefined, wanted?: Held): Promise<Held> {
  if (pid === undefined) throw new Error("no daemon runs");
  expect(await untilQuiet(world)).toEqual([]);
  const memories: Held["memory"][] = [];
  let things = findThings(world, pid);
  for (let looks = 0; looks < LOOKS || (wanted !== undefined && !Bun.deepEquals(things, wanted.things) && looks < MOST_LOOKS); looks += 1) {
    await Bun.sleep(LOOK_EVERY_MS);
    memories.push(memoryOf(pid));
    things = findThings(world, pid);
  }
  return { things, connections: connectionsTo(pid).size, memory: leastOf(memories), bytes: bytesOf(world) };
}

function memoryOf(pid: number): Held["memory"] {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const bytesOf = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  return { own: bytesOf("RssAnon"), all: bytesOf("VmRSS") };
}

function leastOf(memories: readonly Held["memory"][]): Held["memory"] {
  return { own: Math.min(...memories.map(({ own }) => own)), all: Math.min(...memories.map(({ all }) => all)) };
}

function findThings(world: World, pid: number): Things {
  const kinds = (names: readonly string[]): readonly string[] => names.map(kindOf).toSorted();
  const connections = connectionsTo(pid);
  const descriptors = readdirSync(`/proc/${pid}/fd`).flatMap((name) => linkOf(`/proc/${pid}/fd/${name}`));
  return {
    descriptors: kinds(descriptors.filter((name) => !connections.has(name))),
    files: kinds([...listFolders(world), ...allIn(cacheOf(world))]),
    leases: kinds(dumpDatabase(world).leases.map(({ kind, key }) => `${String(kind)} ${String(key)}`)),
    processes: kinds(processesOf(world.folder).map(({ words }) => words.join(" "))),
    children: readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOf(`/proc/${pid}/task/${task}`)).length,
  };
}

/** The daemon's ends of them, as links of descriptors name them. It listens by the descriptor of its folder, and so they are called. */
function connectionsTo(pid: number): ReadonlySet<string> {
  const held = new Set(readdirSync(`/proc/${pid}/fd`).flatMap((name) => linkOf(`/proc/${pid}/fd/${name}`)));
  const rows = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const connected = rows.filter(([, , , , , state, , path]) => state === CONNECTED && path?.endsWith("/banger.sock") === true);
  return new Set(connected.map(([, , , , , , inode]) => `socket:[${inode}]`).filter((link) => held.has(link)));
}

/** Without numbers and ids. */
const kindOf = (name: string): string => name.replaceAll(/\b[0-9a-f]{12,16}\b|\d+/g, "N");

function childrenOf(task: string): readonly string[] {
  try {
    return readFileSync(`${task}/children`, "utf8").split(" ").filter(Boolean);
  } catch {
    return []; // a thread that ended meanwhile
  }
}

function linkOf(path: string): readonly string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return []; // closed meanwhile
  }
}

/** That of all worlds, where a daemon leaves what the next one can use. */
const cacheOf = ({ environment }: World): string => String(environment["XDG_CACHE_HOME"]);

function allIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
}

function bytesOf(world: World): number {
  const names = ["state", "run"].map((root) => join(world.folder, root)).flatMap(allIn);
  const sizes = names.filter((name) => !name.includes("daemon.log")).map((name) => lstatSync(name).blocks * 512);
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function wordsOf({ memory, bytes, things }: Held): string {
  const mib = (value: number): string => `${(value / 2 ** 20).toFixed(1)} MiB`;
  const { descriptors, files, leases, processes } = things;
  const counted = `${descriptors.length} descriptors, ${files.length} files, ${leases.length} leases, ${processes.length} processes`;
  return `${mib(memory.all)} of memory, ${mib(memory.own)} its own, ${mib(bytes)} on disk, ${counted}`;
}
