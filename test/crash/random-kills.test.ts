/**
 * The daemon is killed at random moments while vms are created, started, paused, resumed, stopped and deleted; the next command starts another,
 * which must find everything as it was told or undo it. Guests are those of the fake driver: everything else is real.
 *
 * BANGER_TEST_KILLS: how often.
 */
import { expect, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { closeWorld, openWorld, type Ran, type World } from "../support/world.ts";
import { makeRandom, SEED, type RandomBelow } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { openNetworkWorld } from "../host/network-world.ts";
import { dumpDatabase, listFolders, listVms } from "../support/world-state.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { untilQuiet } from "../support/until-quiet.ts";

const KILLS = Number(process.env["BANGER_TEST_KILLS"] ?? (isFull ? 1000 : 40));
const NAMES = ["a", "b", "c", "d"];
/** Longer than any of the commands takes on a quiet computer, so that all of their moments are hit. */
const LATEST_KILL_MS = 450;
/** Of a command whose daemon was killed. */
const CUT_OFF = new Set(["daemon_died", "daemon_broke_off", "daemon_unreachable", "daemon_did_not_start", "events_broken_off"]);

type Verb = "create" | "start" | "stop" | "kill" | "pause" | "resume" | "delete";

interface Told {
  readonly state: "running" | "paused" | "stopped";
  readonly ephemeral: boolean;
}

/** What is known for certain of each vm: what a command was told and no later command could have changed. */
class Ledger {
  readonly sure = new Map<string, Told>();

  apply(verb: Verb, name: string, ephemeral: boolean): void {
    const told = this.sure.get(name);
    if (verb === "create") this.sure.set(name, { state: "running", ephemeral });
    else if ((verb === "start" || verb === "resume") && told !== undefined) this.sure.set(name, { ...told, state: "running" });
    else if (verb === "pause" && told !== undefined) this.sure.set(name, { ...told, state: "paused" });
    else if (verb === "delete" || told?.ephemeral === true) this.sure.delete(name);
    else if (told !== undefined) this.sure.set(name, { ...told, state: "stopped" });
  }
}

const CHOICES: Readonly<Record<Told["state"], readonly Verb[]>> = {
  running: ["stop", "kill", "pause", "delete"],
  paused: ["resume", "resume", "stop", "kill", "delete"],
  stopped: ["start", "start", "delete"],
};

function choose(random: RandomBelow, told: Told | undefined): Verb {
  if (told === undefined) return "create";
  const verbs = CHOICES[told.state];
  return verbs[random(verbs.length)] ?? "delete";
}

function codeOf({ stdout }: Ran): string {
  return (JSON.parse(stdout) as { error?: { code: string } }).error?.code ?? "none";
}

async function killDaemonIn(world: World, ms: number): Promise<boolean> {
  await Bun.sleep(ms);
  return killDaemon(world);
}

test(
  `${KILLS} kills of the daemon lose nothing and leave nothing (seed ${SEED})`,
  async () => {
    const goods = await openGoods();
    await using internet = await openNetworkWorld();
    await using undo = new AsyncDisposableStack();
    const world = await openWorld({ config: '[drivers]\norder = ["fake"]\n', prefix: internet.argv([]) });
    undo.defer(() => closeWorld(world));
    const random = makeRandom();
    const ledger = new Ledger();
    let kills = 0;

    for (let round = 0; kills < KILLS; round += 1) {
      const where = `round ${round}, ${kills} kills`;
      const names = NAMES.filter(() => random(3) === 0);
      const killed = killDaemonIn(world, random(LATEST_KILL_MS));
      await Promise.all(
        names.map(async (name) => {
          const told = ledger.sure.get(name);
          const verb = choose(random, told);
          const ephemeral = verb === "create" && random(5) === 0;
          const more =
            verb === "create"
              ? ["--kernel", goods.kernel, ...(ephemeral ? ["--ephemeral"] : []), ...(random(3) === 0 ? ["--nat"] : [])]
              : [];
          const ran = await world.banger(["vm", verb, name, ...more, ...(verb === "delete" ? ["--force"] : []), "--json"]);
          if (ran.code === 0) ledger.apply(verb, name, ephemeral);
          else {
            expect({ where, verb, code: codeOf(ran), ok: CUT_OFF.has(codeOf(ran)) }).toMatchObject({ ok: true });
            // Cut off: either state is right, and whoever comes next finds out which.
            ledger.sure.delete(name);
          }
          return undefined;
        }),
      );
      if (await killed) kills += 1;
      // A daemon that is killed while it puts things in order has an heir, too.
      if (random(3) === 0) {
        const listing = world.banger(["vm", "list", "--json"]);
        if (await killDaemonIn(world, random(LATEST_KILL_MS / 2))) kills += 1;
        await listing;
      }

      await world.ok(["vm", "list", "--json"]);
      expect({ where, leftovers: await untilQuiet(world) }).toEqual({ where, leftovers: [] });
      const listed = new Map(listVms(world).map((vm) => [vm.name, vm]));
      for (const [name, { state }] of ledger.sure) expect({ where, name, state: listed.get(name)?.state }).toEqual({ where, name, state });
      for (const { name, state, ephemeral } of listed.values())
        if (!ledger.sure.has(name)) ledger.sure.set(name, { state: state as Told["state"], ephemeral });
      const running = [...listed.values()].filter(({ state }) => state === "running");
      const asked = running[random(Math.max(1, running.length))];
      if (asked !== undefined) expect(await world.ok(["vm", "exec", asked.name, "--", "echo", "here"])).toBe("here\n");

      if (round % 5 !== 0) continue;
      const before = { database: dumpDatabase(world), folders: listFolders(world) };
      await killDaemonIn(world, 0);
      await world.ok(["vm", "list"]);
      expect({ database: dumpDatabase(world), folders: listFolders(world) }).toEqual(before);
    }
  },
  60_000 + KILLS * 5000,
);
