/**
 * At every failpoint that a verb reaches the daemon is killed, or the effect fails, or it waits. Afterwards what was told is so, nothing is
 * left over, nobody else was disturbed, and the same command can be given again.
 *
 * A few per cent of all, one of each verb, with one action after the other; all of them with BANGER_TEST_FULL, and then more than a
 * quarter of the runs with real guests.
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { makeRandom, sample, SEED } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import type { Ran } from "../support/world.ts";
import { openCrashWorld, type Action, type CrashWorld, type DriverName, type Point } from "./crash-world.ts";
import { expectOrder, expectSettled } from "./judge.ts";
import { STEPS } from "./steps.ts";
import type { Step } from "./steps/step.ts";

/** At each verb. */
const SAMPLE: Readonly<Record<DriverName, number>> = { fake: 1, qemu: 1 };
/** The part of all points that is gone through in the long run: more than a quarter of its runs have real guests. */
const FULL_PART: Readonly<Record<DriverName, number>> = { fake: 1, qemu: 0.4 };
/** The same effect again and again: more of it teaches nothing. */
const MOST_OF_A_KIND = 2;
/** Verbs that a sample with real guests takes; a guest boots for each. */
const QEMU_SAMPLE = 5;
const ACTIONS: readonly Action[] = ["kill", "fail", "wait"];

setDefaultTimeout(isFull ? 3_600_000 : 300_000);

/** A new one after each failure, which would lead to others. */
let crash: CrashWorld | undefined;
const names = new Set<string>();
const runs: Record<DriverName, number> = { fake: 0, qemu: 0 };
let stepsDone = 0;

/** Of the whole. */
const LEAST_POINTS = 120;
const LEAST_PART_OF_QEMU = 0.25;
afterAll(() => {
  if (!isFull || stepsDone < 2 * STEPS.length) return;
  expect(names.size).toBeGreaterThanOrEqual(LEAST_POINTS);
  expect(runs.qemu / (runs.fake + runs.qemu)).toBeGreaterThanOrEqual(LEAST_PART_OF_QEMU);
});

for (const driver of ["fake", "qemu"] as const) {
  describe(`with driver ${driver} (seed ${SEED})`, () => {
    const random = makeRandom();
    afterAll(async () => {
      await crash?.[Symbol.asyncDispose]();
      crash = undefined;
      console.log(`${driver}: ${runs[driver]} runs; ${names.size} points so far`);
    });

    const cut = STEPS.filter(({ isPassedOn }) => isPassedOn !== true);
    const steps = driver === "qemu" && !isFull ? sample(cut, QEMU_SAMPLE, random) : STEPS;
    const first = random(ACTIONS.length);
    test.each(steps.map((step, at) => [step.name, step, at] as const))("%s", async (_name, step, at) => {
      const points = await recordPoints(step, (crash ??= await openCrashWorld(driver)));
      if (step.isPassedOn === true) expect(points).toEqual([]);
      else expect(points.length).toBeGreaterThan(0);
      const failures: string[] = [];
      for (const action of isFull ? ACTIONS : [ACTIONS[(first + at) % ACTIONS.length] ?? "kill"]) {
        for (const point of sample(points, howMany(driver, points.length), random)) {
          const failure = await runAt(step, point, action, (crash ??= await openCrashWorld(driver)));
          if (failure !== undefined) {
            failures.push(failure);
            // What it left is part of what went wrong.
            try {
              await crash[Symbol.asyncDispose]();
            } catch (error) {
              failures.push(String(error));
            }
            crash = undefined;
          }
          names.add(point.point);
          runs[driver] += 1;
        }
      }
      expect(failures).toEqual([]);
      stepsDone += 1;
    });
  });
}

function howMany(driver: DriverName, points: number): number {
  return isFull ? Math.ceil(points * FULL_PART[driver]) : SAMPLE[driver];
}

/** Up to the second time of each. */
async function recordPoints(step: Step, world: CrashWorld): Promise<readonly Point[]> {
  await step.prepare(world);
  // Behind its back blanks are made.
  await expectOrder(world);
  await step.atLast?.(world);
  world.record();
  await world.world.ok(step.words(world));
  // What goes on behind a command's back belongs to it, too.
  await expectOrder(world);
  const points = world.stopRecording();
  await step.reset(world);
  return points.filter(({ nth }) => nth <= MOST_OF_A_KIND);
}

/** What was wrong, if anything. */
async function runAt(step: Step, point: Point, action: Action, world: CrashWorld): Promise<string | undefined> {
  try {
    await step.prepare(world);
    await expectOrder(world);
    await step.atLast?.(world);
    world.arm(point, action);
    const ran = await world.world.banger(step.words(world));
    await judge(step, action, ran, world);
    await expectSettled(world);
    world.disarm();
    await goOn(step, world);
    await step.reset(world);
    await expectOrder(world);
    return undefined;
  } catch (error) {
    world.disarm();
    return `${step.name}: ${action} ${point.point} (${point.nth}): ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What was cut off before it had done anything is done by the same words. */
async function goOn(step: Step, world: CrashWorld): Promise<void> {
  if (step.look(world) !== step.before || step.done === step.before) return;
  await world.world.ok(step.words(world));
  expect(step.look(world)).toBe(step.done);
}

async function judge(step: Step, action: Action, ran: Ran, world: CrashWorld): Promise<void> {
  const said = `${ran.stdout}${ran.stderr}`;
  expect(said).not.toMatch(/\bbug\b|internal error/i);
  if (action === "wait") expect({ code: ran.code, said }).toMatchObject({ code: 0 });
  // What failed may be broken, but says so.
  await expectOrder(world, action === "fail" && ran.code !== 0 ? ["vm target is broken"] : []);
  const found = step.look(world);
  if (ran.code === 0) expect({ found, said }).toMatchObject({ found: step.done });
  else
    expect([
      step.before,
      step.done,
      ...(step.between ?? []),
      ...(action === "kill" ? ["stopped" as const] : ["broken" as const]),
    ]).toContain(found);
}
