/**
 * Any call of a daemon or of a program that it runs may fail, once: the disk is full or broken, descriptors or memory have run out. A command
 * then says so or is not bothered; what was told to be done is so, nothing is left over, and nobody else is disturbed.
 *
 * The errors are strace's, in the place of the call. BANGER_TEST_INJECTIONS: how many.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { isFull, makeChance, SEED } from "../support/seeded.ts";
import { listVms } from "../support/world-state.ts";
import { openCrashWorld, type CrashWorld } from "./crash-world.ts";
import { chooseInjections, expectNoBug, startInjected, wasHit, type Injection } from "./inject.ts";
import { expectOrder, expectSettled } from "./judge.ts";

const COUNT = Number(process.env["BANGER_TEST_INJECTIONS"] ?? (isFull ? 300 : 15));
const NAME = "target";

setDefaultTimeout(120_000);

let crash: CrashWorld;
beforeAll(async () => {
  crash = await openCrashWorld("fake");
});
afterAll(async () => {
  await crash[Symbol.asyncDispose]();
  console.log(`${hits} of ${COUNT} calls were made to fail`);
  // Others are of calls that the runtime does not make here at all.
  expect(hits).toBeGreaterThan(COUNT / 2);
});

let hits = 0;
const injections = chooseInjections(makeChance(), COUNT);

const isThere = (): boolean => listVms(crash.world).some(({ name }) => name === NAME);

test.each(injections.map((injection) => [`${injection.error} of ${injection.call}, time ${injection.nth}`, injection] as const))(
  `%s (seed ${SEED})`,
  async (_name, injection) => {
    // Where the n-th was later than this goes, the first is made to fail.
    if ((await survives(injection)) || (injection.nth > 1 && (await survives({ ...injection, nth: 1 })))) hits += 1;
  },
);

/** Whether the call came to be made. */
async function survives(injection: Injection): Promise<boolean> {
  const { world, goods } = crash;
  const end = await startInjected(world, injection);
  const told: (boolean | undefined)[] = [];
  const ask = async (words: readonly string[], leaves: boolean): Promise<void> => {
    const ran = await world.banger(words);
    expectNoBug(words, ran);
    told.push(ran.code === 0 ? leaves : undefined);
  };
  try {
    await ask(["vm", "create", NAME, "--kernel", goods.kernel], true);
    await ask(["vm", "exec", NAME, "--", "true"], isThere());
    await ask(["vm", "stop", NAME], isThere());
    await ask(["vm", "start", NAME], isThere());
    if (injection.nth % 2 === 0) await ask(["vm", "delete", "--force", NAME], false);
  } finally {
    await end();
  }
  const isHit = wasHit(world);
  await world.ok(["vm", "list"]);
  // A guest may have been hit itself.
  await expectOrder(crash, [`vm ${NAME} is broken`]);
  const last = told.findLast((one) => one !== undefined);
  if (last !== undefined && told.at(-1) !== undefined) expect(isThere()).toBe(last);
  await expectSettled(crash);
  if (isThere()) await world.ok(["vm", "delete", "--force", NAME]);
  await expectOrder(crash);
  return isHit;
}
