/**
 * At the points that a vm with a network comes by from its making to its end, one of those is killed who hold the network up: the daemon,
 * pasta, the keeper of the namespace, the VMM. Afterwards each TAP and each element of the rules belongs to a vm or is ready for one, and at
 * the end of the daemon nothing is left at all.
 *
 * With BANGER_TEST_FULL at every point, and at a part of them with real guests; otherwise each is killed a few times.
 */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { enterArguments, type NamespaceMode } from "../../src/network/namespace-arguments.ts";
import { makeRandom, sample, SEED } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { processesOf, type Ran, type World } from "../support/world.ts";
import { listVms } from "../support/world-state.ts";
import { openCrashWorld, type CrashWorld, type DriverName, type Point } from "./crash-world.ts";
import { expectOrder } from "./judge.ts";

setDefaultTimeout(isFull ? 7_200_000 : 300_000);

const MODE: NamespaceMode = process.getuid?.() === 0 ? "rooted" : "rootless";
const NAME = "target";
/** Slots that are kept for the next vms. */
const READY = 4;
type Victim = "daemon" | "pasta" | "keeper" | "vmm";
/** A VMM of driver fake is in no namespace, which ends with its keeper. */
const VICTIMS: Readonly<Record<DriverName, readonly Victim[]>> = {
  fake: ["daemon", "pasta", "vmm"],
  qemu: ["daemon", "pasta", "keeper", "vmm"],
};
/** At how many points each is killed. */
const POINTS: Readonly<Record<DriverName, number>> = isFull ? { fake: Infinity, qemu: 50 } : { fake: 2, qemu: 2 };
/** The same effect again and again: more of it teaches nothing. */
const MOST_OF_A_KIND = 2;

/** The life of a vm with a network, by what is typed. */
const LIFE: readonly ((crash: CrashWorld) => readonly string[])[] = [
  ({ goods }) => ["vm", "create", NAME, "--nat", "--allow-host", "9090", "--publish", "0:7000", "--kernel", goods.kernel],
  () => ["vm", "set", NAME, "--allow-host", "9091", "--allow-host", "9090-"],
  () => ["vm", "stop", NAME],
  () => ["vm", "start", NAME],
  () => ["vm", "delete", "--force", NAME],
];

let crash: CrashWorld | undefined;
afterEach(async () => {
  await crash?.[Symbol.asyncDispose]();
  crash = undefined;
});

test.each(["fake", "qemu"] as const)(
  "nothing of a network is left over, whoever is killed at whichever moment, with driver %s (seed " + `${SEED})`,
  async (driver) => {
    const random = makeRandom();
    const world = (crash = await openCrashWorld(driver));
    const points: (Point & { step: number })[] = [];
    for (const [step, words] of LIFE.entries()) {
      world.record();
      await world.world.ok(words(world));
      points.push(...world.stopRecording().map((point) => ({ ...point, step })));
    }
    const few = points.filter(({ nth }) => nth <= MOST_OF_A_KIND);
    const failures: string[] = [];
    let kills = 0;
    for (const victim of VICTIMS[driver]) {
      for (const { step, ...point } of sample(few, POINTS[driver], random)) {
        try {
          for (const words of LIFE.slice(0, step)) await world.world.ok(words(world));
          await killAt(victim, point, LIFE[step]?.(world) ?? [], world);
          kills += 1;
        } catch (error) {
          failures.push(
            `${victim} in step ${step} at ${point.point} (${point.nth}): ${error instanceof Error ? error.message : String(error)}`,
          );
        }
        world.disarm();
        if (listVms(world.world).some(({ name }) => name === NAME)) await world.world.banger(["vm", "delete", "--force", NAME]);
        expect(networkProblems(world.world)).toEqual([]);
      }
    }
    console.log(`${driver}: ${kills} kills at ${few.length} points`);
    expect(failures).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(2 * VICTIMS[driver].length);

    for (const { name } of listVms(world.world)) await world.world.ok(["vm", "delete", "--force", name]);
    await world.world.ok(["daemon", "stop"]);
    await until("the end of all", () => processesOf(world.world.folder).length === 0);
    expect(existsSync(netFolder(world.world))).toBe(false);
  },
);

/** What was typed is done, or was told not to be; what is there is whole. */
async function killAt(victim: Victim, point: Point, words: readonly string[], crash: CrashWorld): Promise<void> {
  const { world } = crash;
  crash.arm(point, victim === "daemon" ? "kill" : "wait");
  const asked = world.banger(words);
  if (victim !== "daemon") await killMeanwhile(victim, crash, asked);
  const ran = await asked;
  const said = `${ran.stdout}${ran.stderr}`;
  expect(said).not.toMatch(/\bbug\b|internal error/i);
  expect({ said, isTold: ran.code === 0 || said.includes("error: ") }).toMatchObject({ isTold: true });
  // A start that had no VMM left, or no namespace to run it in, has failed.
  await expectOrder(crash, victim === "vmm" || victim === "keeper" ? [`vm ${NAME} is broken`] : []);
  let problems: readonly string[] = [];
  try {
    await until("an orderly network", () => (problems = networkProblems(world)).length === 0);
  } catch {
    throw new Error(problems.join("; "));
  }
}

/** While the daemon waits; nothing happens when there is nobody to be killed by then. */
async function killMeanwhile(victim: Exclude<Victim, "daemon">, crash: CrashWorld, asked: Promise<Ran>): Promise<void> {
  let isOver = false;
  void asked.finally(() => (isOver = true));
  while (!crash.hasFired() && !isOver) await Bun.sleep(2);
  const pid = findVictim(victim, crash.world);
  try {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended by itself
  }
}

function findVictim(victim: Exclude<Victim, "daemon">, world: World): number | undefined {
  switch (victim) {
    case "vmm":
      return listVms(world).find(({ name }) => name === NAME)?.pid;
    case "keeper":
      return servant(world, "cat");
    case "pasta":
      return servant(world, "pasta");
  }
}

const netFolder = ({ folder }: World): string => join(folder, "run/banger/net");

function servant(world: World, program: "cat" | "pasta"): number | undefined {
  const serves = /\/run\/banger\/net\/|\/pasta\.log/;
  return processesOf(world.folder).find(
    ({ words }) => words[0]?.split("/").at(-1)?.startsWith(program) === true && serves.test(words.join(" ")),
  )?.pid;
}

interface Rules {
  readonly nftables: readonly { readonly set?: { readonly name: string; readonly elem?: readonly unknown[] } }[];
}

/** What is not as the vms that run want it: one sentence each. */
function networkProblems(world: World): readonly string[] {
  const holders = listVms(world).filter(({ name, state }) => name === NAME && (state === "running" || state === "paused"));
  const claims = existsSync(join(netFolder(world), "claims")) ? readdirSync(join(netFolder(world), "claims")) : [];
  const keeper = servant(world, "cat");
  if (keeper === undefined || servant(world, "pasta") === undefined)
    return [`keeper ${keeper}, pasta ${servant(world, "pasta")}`].filter(() => claims.length + holders.length > 0);
  const inside = (...words: readonly string[]): string => {
    const [program = "", ...rest] = [...enterArguments(MODE, keeper), ...words];
    return execFileSync(program, rest, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  };
  const cards = inside("ip", "-br", "link")
    .split("\n")
    .flatMap((line) => /^bg\d+/.exec(line)?.[0] ?? []);
  const { nftables } = JSON.parse(inside("nft", "-j", "list", "table", "inet", "banger")) as Rules;
  const elements = (name: string): readonly string[] =>
    nftables.flatMap(({ set }) => (set?.name === name ? (set.elem ?? []) : [])).map((element) => JSON.stringify(element));
  const ofNobody = (name: string): readonly string[] =>
    elements(name).filter((element) => !cards.some((card) => element.includes(`"${card}"`)));
  const granted = elements("host_ports").map((element) => /\b\d{4,5}\b/.exec(element)?.[0] ?? element);
  return [
    ...(claims.length === holders.length ? [] : [`${claims.length} claims of ${holders.length} vms`]),
    ...(cards.length >= holders.length && cards.length <= holders.length + READY ? [] : [`cards ${cards.join(" ")}`]),
    ...(elements("places").length === cards.length ? [] : [`${elements("places").length} places for ${cards.length} cards`]),
    ...ofNobody("places"),
    ...ofNobody("host_ports"),
    ...(granted.length === holders.length ? [] : [`grants ${granted.join(" ")} of ${holders.length} vms`]),
  ];
}
