/**
 * Any call may fail, once, while a kernel, a bundle or a catalog is fetched, taken in, built, packed, named or forgotten, as in injected-errors.test.ts: it is
 * then as it was or as it was to be, nothing is left over, and the same words are done.
 *
 * BANGER_TEST_INJECTIONS: how many.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { isFull, makeChance, SEED } from "../support/seeded.ts";
import { openCrashWorld, type CrashWorld } from "./crash-world.ts";
import { chooseInjections, expectNoBug, startInjected, wasHit, type Injection } from "./inject.ts";
import { expectOrder, expectSettled } from "./judge.ts";
import { BUILD_STEPS } from "./steps/builds.ts";
import { BUNDLE_STEPS } from "./steps/bundles.ts";
import { CATALOG_STEPS } from "./steps/catalogs.ts";
import { IMAGE_STEPS } from "./steps/images.ts";
import { KERNEL_STEPS } from "./steps/kernels.ts";
import type { Step, Target } from "./steps/step.ts";

const COUNT = Number(process.env["BANGER_TEST_INJECTIONS"] ?? (isFull ? 200 : 10));
/** The archive of Debian is another test's: it takes long below strace. */
const TAGGED = IMAGE_STEPS.filter(({ name }) => ["image tag", "image rename"].includes(name));
const STEPS = [...KERNEL_STEPS, ...BUNDLE_STEPS, ...TAGGED, ...BUILD_STEPS, ...CATALOG_STEPS].filter(({ name }) => name !== "kernel pull");

setDefaultTimeout(120_000);

/** A new one after each failure, which would lead to others. */
let crash: CrashWorld | undefined;
let [runs, hits] = [0, 0];
beforeAll(async () => {
  crash = await openCrashWorld("fake");
});
afterAll(async () => {
  await crash?.[Symbol.asyncDispose]();
  console.log(`${hits} of ${runs} calls were made to fail`);
  // Others are of calls that the runtime does not make here at all.
  expect(hits).toBeGreaterThanOrEqual(runs / 3);
});

const chance = makeChance();
const injections = chooseInjections(chance, COUNT).map((injection) => [chance.pick(STEPS), injection] as const);

test.each(
  injections.map(
    ([step, injection]) => [step.name, `${injection.error} of ${injection.call}, time ${injection.nth}`, step, injection] as const,
  ),
)(`%s: %s (seed ${SEED})`, async (_name, _what, step, injection) => {
  runs += 1;
  try {
    // Where the n-th was later than this goes, the first is made to fail.
    if ((await survives(step, injection)) || (injection.nth > 1 && (await survives(step, { ...injection, nth: 1 })))) hits += 1;
  } catch (error) {
    const failed = crash;
    crash = undefined;
    await failed?.[Symbol.asyncDispose]();
    throw error;
  }
});

/** Whether the call came to be made. */
async function survives(step: Step, injection: Injection): Promise<boolean> {
  const at = (crash ??= await openCrashWorld("fake"));
  const { world } = at;
  await step.prepare(at);
  await expectOrder(at);
  const end = await startInjected(world, injection);
  let found: Target;
  try {
    const ran = await world.banger(step.words(at));
    expectNoBug(step.words(at), ran);
    await end();
    await expectOrder(at);
    found = step.look(at);
    if (ran.code === 0) expect({ found, said: ran.stdout }).toMatchObject({ found: step.done });
    else expect([step.before, step.done]).toContain(found);
  } finally {
    await end();
  }
  const isHit = wasHit(world);
  await expectSettled(at);
  if (found === step.before) await world.ok(step.words(at));
  expect(step.look(at)).toBe(step.done);
  await step.reset(at);
  await expectOrder(at);
  return isHit;
}
