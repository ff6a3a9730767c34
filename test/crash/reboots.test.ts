/**
 * The computer went down while vms ran, and came up again: another boot, the run folder emptied or not, and pids that are written down and
 * belong to somebody else by now. Nobody else's process is touched, and each vm is stopped or gone.
 *
 * The boot is made another one in the database, where it is written beside each pid.
 */
import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTicksOf } from "../../src/sdk/test-note.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { makeRandom, sample, SEED } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";
import { dumpDatabase, findLeftovers, listFolders, listVms } from "../support/world-state.ts";
import { losePower } from "./lose-power.ts";

const RUN_FOLDER = ["as it was", "emptied", "gone"] as const;
const PID = ["nobody's", "somebody else's", "somebody else's, who started at the same moment", "of init"] as const;
const STATE = ["running", "paused", "starting", "stopping", "deleting"] as const;
const OTHER_BOOT = "00000000-0000-4000-8000-000000000000";
const NAME = "dev";

interface Reboot {
  readonly state: (typeof STATE)[number];
  readonly pid: (typeof PID)[number];
  readonly runFolder: (typeof RUN_FOLDER)[number];
}

const ALL: readonly Reboot[] = STATE.flatMap((state) => PID.flatMap((pid) => RUN_FOLDER.map((runFolder) => ({ state, pid, runFolder }))));
/** One of each state, at least. */
const CHOSEN = !isFull
  ? STATE.flatMap((state, index) =>
      sample(
        ALL.filter((reboot) => reboot.state === state),
        index === 0 ? 2 : 1,
        makeRandom(SEED + index),
      ),
    )
  : ALL;

setDefaultTimeout(120_000);

let world: World;
let goods: Goods;
/** Processes that have nothing to do with banger, whatever their arguments say. */
let innocents: readonly ChildProcess[] = [];

beforeAll(async () => {
  goods = await openGoods();
  world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
});
afterEach(async () => {
  for (const innocent of innocents) innocent.kill("SIGKILL");
  innocents = [];
  // One that failed is not to fail those that follow.
  if (listVms(world).length > 0) await world.banger(["vm", "delete", "--force", NAME]);
});
afterAll(async () => closeWorld(world));

const run = (...path: readonly string[]): string => join(world.folder, "run/banger", ...path);

function startInnocents(vmId: string): void {
  const log = join(world.folder, "state/banger/vms", vmId, "console.log");
  innocents = [
    spawn("sleep", ["3600"], { stdio: "ignore" }),
    // A person who looks at the log of a vm.
    spawn("tail", ["-f", log], { stdio: "ignore" }),
  ];
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

function writtenPid(pid: Reboot["pid"], was: { readonly pid: number; readonly startTicks: number }): typeof was {
  const [stranger] = innocents;
  if (pid === "nobody's" || stranger?.pid === undefined) return was;
  if (pid === "of init") return { pid: 1, startTicks: startTicksOf(1) };
  return { pid: stranger.pid, startTicks: pid === "somebody else's" ? was.startTicks : startTicksOf(stranger.pid) };
}

/** Writes down what a daemon would have that went down with the computer. */
function rewrite(id: string, { state, pid }: Reboot): void {
  using database = new Database(join(world.folder, "state/banger/banger.db"));
  const row = database.query("SELECT boot FROM vms WHERE id = ?").get(id) as { boot: string };
  const boot = JSON.parse(row.boot) as { vmm: { identity: { pid: number; startTicks: number; bootId: string } } };
  const written = writtenPid(pid, boot.vmm.identity);
  Object.assign(boot.vmm.identity, written, { bootId: OTHER_BOOT });
  database.run("UPDATE vms SET state = ?, boot = ? WHERE id = ?", [state, JSON.stringify(boot), id]);
  // The daemon's own word, in a folder that outlives the boot.
  const note = join(world.folder, "state/banger/daemon.json");
  writeFileSync(note, JSON.stringify({ ...(JSON.parse(readFileSync(note, "utf8")) as object), ...written, bootId: OTHER_BOOT }));
}

function clearRunFolder(how: Reboot["runFolder"]): void {
  if (how === "as it was") return;
  rmSync(run(), { recursive: true, force: true });
  if (how === "emptied") mkdirSync(run(), { mode: 0o700 });
}

/** What is there when nothing is left over, or when time is up: a stop goes on behind a daemon's start. */
async function findOutcome(vms: number): Promise<{ readonly leftovers: readonly string[]; readonly vms: readonly unknown[] }> {
  const isInnocent = (leftover: string): boolean => innocents.some(({ pid }) => leftover.startsWith(`process ${pid} `));
  for (const deadline = Date.now() + 10_000; ; await Bun.sleep(20)) {
    const leftovers = findLeftovers(world).filter((leftover) => !isInnocent(leftover));
    const found = listVms(world).map(({ state, pid }) => ({ state, pid }));
    if ((leftovers.length === 0 && found.length === vms) || Date.now() > deadline) return { leftovers, vms: found };
  }
}

test.each(CHOSEN.map((reboot) => [`a vm that was ${reboot.state}, pid ${reboot.pid}, run folder ${reboot.runFolder}`, reboot] as const))(
  `%s (seed ${SEED})`,
  async (_name, reboot) => {
    const vm = await world.json<{ id: string }>(["vm", "create", NAME, "--kernel", goods.kernel]);
    if (reboot.state === "paused") await world.ok(["vm", "pause", NAME]);
    startInnocents(vm.id);
    await losePower(world, new Set(innocents.map(({ pid }) => pid)));
    rewrite(vm.id, reboot);
    clearRunFolder(reboot.runFolder);

    await world.ok(["vm", "list"]);
    const expected = reboot.state === "deleting" ? [] : [{ state: "stopped", pid: undefined }];
    expect(await findOutcome(expected.length)).toEqual({ leftovers: [], vms: expected });
    // A second look finds nothing more to do.
    const before = { database: dumpDatabase(world), folders: listFolders(world) };
    await losePower(world, new Set(innocents.map(({ pid }) => pid)));
    await world.ok(["vm", "list"]);
    expect({ database: dumpDatabase(world), folders: listFolders(world) }).toEqual(before);
    if (expected.length > 0) {
      await world.ok(["vm", "start", NAME]);
      expect(await world.ok(["vm", "exec", NAME, "--", "echo", "here"])).toBe("here\n");
      await world.ok(["vm", "delete", "--force", NAME]);
    }
    expect(innocents.map(isAlive)).toEqual([true, true]);
  },
);
