/**
 * A daemon that finds work cut off is killed while it finishes or undoes it, and so is its heir; the one that is let live must find what an
 * undisturbed one would have. A kill counts when the daemon had not got to the command yet that it was started for.
 *
 * BANGER_TEST_RECOVERY_KILLS: how often.
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { isFull, makeChance, SEED, type Chance } from "../support/seeded.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";
import { dumpDatabase, findLeftovers, listFolders, listVms } from "../support/world-state.ts";
import { killDaemon } from "../support/kill-daemon.ts";

const KILLS = Number(process.env["BANGER_TEST_RECOVERY_KILLS"] ?? (isFull ? 300 : 15));
/** Longer than a daemon takes to come up, so that all of its moments are hit. */
const LATEST_KILL_MS = 160;
const MOST_IN_A_ROW = 3;
const CONVERGE_MS = 10_000;

/** What a daemon may have been cut off in, by what it writes first; and what is right afterwards. */
const CUT_OFF = {
  running: "running",
  paused: "paused",
  starting: "stopped",
  stopping: "stopped",
  deleting: "gone",
  preparing: "gone",
} as const;
type CutOff = keyof typeof CUT_OFF;
const STATES = Object.keys(CUT_OFF) as readonly CutOff[];

interface Expected {
  readonly name: string;
  readonly state: string;
  /** Of a guest that is to live on. */
  readonly pid: number | undefined;
}

async function makeMess(world: World, kernel: string, chance: Chance, round: number): Promise<readonly Expected[]> {
  const states = [chance.pick(STATES), chance.pick(STATES), "running" as const];
  const names = states.map((_, index) => `vm-${round}-${index}`);
  for (const name of names) await world.ok(["vm", "create", name, "--kernel", kernel]);
  for (const [index, name] of names.entries()) if (states[index] === "paused") await world.ok(["vm", "pause", name]);
  await killDaemon(world);
  using database = new Database(join(world.folder, "state/banger/banger.db"));
  return names.map((name, index) => {
    const cutOff = states[index] ?? "running";
    database.run("UPDATE vms SET state = ? WHERE name = ?", [cutOff, name]);
    const state = CUT_OFF[cutOff];
    const pid = listVms(world).find((vm) => vm.name === name)?.pid;
    return { name, state, pid: state === "running" || state === "paused" ? pid : undefined };
  });
}

/** Starts a daemon and kills it; true when it was still at its recovery. */
async function killInRecovery(world: World, ms: number): Promise<boolean> {
  const listing = world.banger(["vm", "list"]);
  await Bun.sleep(ms);
  const killed = await killDaemon(world);
  return (await listing).code !== 0 && killed;
}

async function findOutcome(world: World, expected: readonly Expected[]): Promise<unknown> {
  const wanted = JSON.stringify(outcomeOf(expected));
  for (const deadline = Date.now() + CONVERGE_MS; ; await Bun.sleep(20)) {
    const vms = listVms(world).filter(({ name }) => expected.some((one) => one.name === name));
    const outcome = { vms: vms.map(({ name, state, pid }) => ({ name, state, pid: pid ?? null })), leftovers: findLeftovers(world) };
    if (JSON.stringify(outcome) === wanted || Date.now() > deadline) return outcome;
  }
}

function outcomeOf(expected: readonly Expected[]): unknown {
  const left = expected.filter(({ state }) => state !== "gone");
  return { vms: left.map(({ name, state, pid }) => ({ name, state, pid: pid ?? null })), leftovers: [] };
}

test(
  `${KILLS} kills during recovery change nothing of its outcome (seed ${SEED})`,
  async () => {
    const goods = await openGoods();
    await using undo = new AsyncDisposableStack();
    const world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
    undo.defer(() => closeWorld(world));
    const chance = makeChance();
    let kills = 0;

    for (let round = 0; kills < KILLS; round += 1) {
      const expected = await makeMess(world, goods.kernel, chance, round);
      const inARow = 1 + chance.below(MOST_IN_A_ROW);
      for (let again = 0; again < inARow; again += 1) if (await killInRecovery(world, chance.below(LATEST_KILL_MS))) kills += 1;

      const where = `round ${round}, ${kills} kills`;
      await world.ok(["vm", "list"]);
      expect({ where, outcome: await findOutcome(world, expected) }).toEqual({ where, outcome: outcomeOf(expected) });
      const before = { database: dumpDatabase(world), folders: listFolders(world) };
      await killDaemon(world);
      await world.ok(["vm", "list"]);
      expect({ where, database: dumpDatabase(world), folders: listFolders(world) }).toEqual({ where, ...before });

      for (const { name } of expected.filter(({ state }) => state !== "gone")) await world.ok(["vm", "delete", "--force", name]);
    }
  },
  60_000 + KILLS * 5000,
);
