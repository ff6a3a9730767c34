/**
 * The real daemon with a guest whose agent was taken over (`fake-hostile-agent.ts`, put in the place of the fake driver's), and one
 * that is well. Whatever the hostile one does ends in one clear error for who asked; the daemon stays the same process, its
 * memory is bounded, and the other guest is served.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { openClient } from "../../src/sdk/sdk.ts";
import { openHostileWorld, STORMS, type HostileWorld } from "../support/hostile-world.ts";
import { isFull, memoryOf } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import type { Ran } from "../support/world.ts";
import { ENDLESS_DEEDS, EXEC_DEEDS, PLAN_DEEDS, SYNC_DEEDS } from "./hostile-deeds.ts";

const ROUNDS = isFull ? 48 : 4;
/** A guest that was cut off for what it did is connected to again only after a while. */
const ROUND_MS = 20_000;
setDefaultTimeout(120_000 + ROUNDS * ROUND_MS);
const ANSWER_MS = 60_000;
const GROWTH_BYTES = 256 * 2 ** 20;

let hostile: HostileWorld;
let pid: number | undefined;
let memory: number;

beforeAll(async () => {
  hostile = await openHostileWorld();
  pid = hostile.world.daemonPid();
  memory = await memoryOf(pid ?? 0);
});
afterAll(async () => hostile[Symbol.asyncDispose]());

function expectOneError({ code, stdout, stderr }: Ran): void {
  expect({ code, stdout, errors: stderr.match(/^error: /gm)?.length }).toEqual({ code: expect.any(Number), stdout: "", errors: 1 });
  expect(code).not.toBe(0);
  expect(stderr).not.toContain("bug");
  // Of the guest's words nothing drives the terminal, and nothing passes for a word of ours.
  expect(/[^\P{Cc}\n]|\p{Cf}/u.test(stderr)).toBe(false);
  expect(stderr).not.toMatch(/^try: curl/m);
}

async function expectDaemonWell(): Promise<void> {
  expect(await hostile.timeGood()).toBeLessThan(ANSWER_MS);
  expect(hostile.world.daemonPid()).toBe(pid);
  expect((await memoryOf(pid ?? 0)) - memory).toBeLessThan(GROWTH_BYTES);
}

const namesOf = (deeds: object, ...without: readonly string[]): readonly string[] =>
  Object.keys(deeds).filter((name) => !without.includes(name));

test("there are more than forty ways", () => {
  expect([EXEC_DEEDS, ENDLESS_DEEDS, PLAN_DEEDS, SYNC_DEEDS].flatMap(Object.keys).length).toBeGreaterThan(65);
});

describe("a guest that misbehaves while a command is asked for", () => {
  test.each(namesOf(EXEC_DEEDS, "true"))("%s", async (deed) => {
    const ran = await hostile.world.banger(["exec", "evil", "--", deed], { timeoutMs: ANSWER_MS });
    // What arrived before the window was overrun may be shown.
    expectOneError(deed === "window-ignored" ? { ...ran, stdout: "" } : ran);
    await expectDaemonWell();
  });

  test("can still be asked, and deleted", async () => {
    expect(await hostile.world.banger(["exec", "evil", "--", "true"])).toMatchObject({ code: 0, stderr: "" });
  });
});

test("while one guest does its worst, the other is served", async () => {
  const [calm, stormy]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < 10; turn += 1) calm.push(await hostile.timeGood());
    stormy.push(...(await hostile.timeGoodDuring(STORMS[round % STORMS.length] ?? "", 10)));
  }
  const quantile = (times: readonly number[], q: number): number =>
    times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * q)] ?? 0;
  const [before, during] = [quantile(calm, 0.99), quantile(stormy, 0.99)];
  console.log(
    `exec of the other guest: p50 ${quantile(calm, 0.5).toFixed(1)} and ${quantile(stormy, 0.5).toFixed(1)} ms, p99 ${before.toFixed(1)} and ${during.toFixed(1)} ms`,
  );
  // On a computer that others use as well one slow command says nothing; a guest that can stop the others says much. The ratio is in bench.
  expect(during).toBeLessThan(2 * before + 1000);
  expect(quantile(stormy, 0.5)).toBeLessThan(2 * quantile(calm, 0.5) + 200);
});

describe("a guest that never comes to an end", () => {
  beforeAll(async () => {
    // For what it did last it may have been cut off, and is connected to again only after a while.
    const isBack = async (): Promise<boolean> => (await hostile.world.banger(["exec", "evil", "--", "true"])).code === 0;
    await until("the hostile guest can be asked again", isBack);
  });

  test.each(namesOf(ENDLESS_DEEDS))("%s: who asked is told at a deadline", async (deed) => {
    const hasty = openClient({ socketPath: join(hostile.world.folder, "run/banger/banger.sock"), startDeadlineMs: 1000 });
    using session = await hasty.exec("evil", { argv: [deed], env: {} });
    expect(session.exited).rejects.toMatchObject({ kind: "timeout", code: "exec_silent" });
    await session.exited.catch(() => undefined);
    await expectDaemonWell();
  });

  // The last that is asked of it: it has taken all of the connection's window, and gives none.
  test("never-read: what is sent to it waits with who sends it", async () => {
    const stuck = await hostile.client.exec("evil", { argv: ["silent-after-yes"], env: {} });
    stuck.exited.catch(() => undefined);
    const block = Buffer.alloc(2 ** 20);
    let taken = 0;
    const pump = (): void => {
      while (taken < 200 && stuck.stdin.write(block)) taken += 1;
    };
    stuck.stdin.on("drain", pump);
    pump();
    for (let turn = 0; turn < 20; turn += 1) await expectDaemonWell();
    expect(taken).toBeLessThan(200);
    stuck[Symbol.dispose]();
  });
});

describe("a guest that lies before anything is asked", () => {
  test.each([...namesOf(PLAN_DEEDS), ...namesOf(SYNC_DEEDS)])(
    "%s: the start ends in one error, and leaves a vm that can be deleted",
    async (deed) => {
      hostile.setDeed(deed);
      const ran = await hostile.world.banger(["vm", "create", "liar", "--kernel", hostile.kernel], { timeoutMs: ANSWER_MS });
      hostile.setDeed("");
      expectOneError({ ...ran, stderr: ran.stderr.replace(/^(?!error: |try: )[a-z ]+ {2}.*\n/gm, "") });
      await hostile.world.banger(["vm", "delete", "--force", "liar"]);
      await expectDaemonWell();
    },
  );
});
