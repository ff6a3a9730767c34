import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeVms } from "./make-vms.ts";
import { settle, until } from "./test-clock.ts";
import { makeContext, openTestWorld, type TestWorld } from "./test-world.ts";
import type { Vms } from "./vms.ts";

let world: TestWorld;
let vms: Vms;
beforeEach(() => {
  world = openTestWorld();
  vms = makeVms(world.dependencies);
});
afterEach(async () => {
  await vms.close();
  world[Symbol.dispose]();
});
const context = makeContext();
const problems = async (): Promise<readonly string[]> => (await vms.get("dev")).problems;
const full = "the host's disk is full: the guest is held until 64 MiB are free";
/** This one goes, and another finds what it left. */
const becomeNextDaemon = async (): Promise<void> => {
  await vms.close();
  vms = makeVms(world.dependencies);
  await vms.reconcile();
  await settle();
};
const passSecond = async (): Promise<void> => {
  world.clock.advance(1000);
  await settle();
};

describe("a guest that the full disk of the host holds", () => {
  beforeEach(async () => {
    await vms.create({ name: "dev" }, context);
    world.behaviour.freeBytes = 0;
    world.vmms[0]?.hold();
    await settle();
  });

  test("is shown, answers nothing, and goes on when there is room", async () => {
    expect(await problems()).toEqual([full]);
    expect((await vms.list())[0]?.problems).toEqual([full]);
    expect(world.agents[0]).toMatchObject({ isHeld: true, clockSets: 0 });
    await expect(vms.agentOf("dev")).rejects.toMatchObject({ code: "vm_held", message: expect.stringContaining("disk is full") });
    await passSecond();
    expect(await problems()).toEqual([full]);
    world.behaviour.freeBytes = 2 ** 30;
    await passSecond();
    expect(await problems()).toEqual([]);
    expect(await vms.agentOf("dev")).toBe(world.agents[0] as never);
    expect(world.agents[0]).toMatchObject({ isHeld: false, clockSets: 1 });
  });

  test("stands still when it is paused, though there is room, until it is resumed", async () => {
    await vms.pause("dev", context);
    world.behaviour.freeBytes = 2 ** 30;
    await passSecond();
    expect(await vms.get("dev")).toMatchObject({ state: "paused", problems: [full] });
    expect(world.vmms[0]?.isStill).toBe(true);
    await vms.resume("dev", context);
    await passSecond();
    expect(await vms.get("dev")).toMatchObject({ state: "running", problems: [] });
    expect(world.agents[0]?.isHeld).toBe(false);
  });

  test("is found so by the next daemon", async () => {
    await vms.close();
    vms = makeVms(world.dependencies);
    const { adopt } = world.behaviour;
    world.behaviour.adopt = async (record, signal) => {
      const vmm = await adopt(record, signal);
      world.vmms.at(-1)?.hold();
      return vmm;
    };
    await vms.reconcile();
    await settle();
    expect(await problems()).toEqual([full]);
    world.behaviour.freeBytes = 2 ** 30;
    await passSecond();
    expect(await problems()).toEqual([]);
  });

  test("is not started again before there is room", async () => {
    await vms.kill("dev", context);
    await expect(vms.start("dev", context)).rejects.toMatchObject({ code: "host_disk_full" });
    world.behaviour.freeBytes = 2 ** 30;
    expect(await vms.start("dev", context)).toMatchObject({ state: "running", problems: [] });
  });

  test("is tried again when it cannot be let go", async () => {
    world.behaviour.freeBytes = 2 ** 30;
    world.behaviour.resume = async () => Promise.reject(new Error("no monitor"));
    await passSecond();
    expect(await problems()).toEqual([full]);
    world.behaviour.resume = async () => undefined;
    await passSecond();
    expect(await problems()).toEqual([]);
  });

  test("can be killed, and is watched no more", async () => {
    expect(await vms.kill("dev", context)).toMatchObject({ state: "stopped", problems: [] });
    expect(world.clock.sleepers).toBe(0);
  });
});

test("what is wrong with the way out is shown while it lasts, of those vms that have one", async () => {
  world.behaviour.linkMode = "rootless";
  await vms.create({ name: "dev" }, context);
  expect(await problems()).toEqual([]);
  world.behaviour.networkProblem = "pasta has ended, and is started again";
  const gone = ["its way out to the network is not there: pasta has ended, and is started again"];
  expect(await problems()).toEqual(gone);
  await becomeNextDaemon();
  expect(await problems()).toEqual(gone);
  world.behaviour.networkProblem = undefined;
  expect(await problems()).toEqual([]);
});

test("a vm without a way out misses none", async () => {
  await vms.create({ name: "dev" }, context);
  world.behaviour.networkProblem = "pasta has ended, and is started again";
  expect(await problems()).toEqual([]);
});

test("a run folder that somebody removed is shown, with what to type, also by the next daemon", async () => {
  const { id } = await vms.create({ name: "dev" }, context);
  expect(await problems()).toEqual([]);
  const runFolder = world.system.layout.vmRunFolder(id);
  rmSync(runFolder, { recursive: true });
  await until("a problem", async () => (await problems()).length > 0);
  const gone = [`its run folder ${runFolder}, through which it is reached, was removed: banger vm stop dev, then banger vm start dev`];
  expect(await problems()).toEqual(gone);
  await becomeNextDaemon();
  expect(await problems()).toEqual(gone);
  // Somebody who only moved it away puts it back.
  mkdirSync(runFolder);
  await passSecond();
  await until("no problem", async () => (await problems()).length === 0);
  rmSync(runFolder, { recursive: true });
  await until("a problem again", async () => (await problems()).length > 0);
  await vms.stop("dev", 10_000, context);
  expect(await problems()).toEqual([]);
});

describe("an agent that answers no more", () => {
  beforeEach(async () => {
    await vms.create({ name: "dev" }, context);
    world.behaviour.openAgent = async () => Promise.reject(new Error("no answer"));
    world.agents[0]?.end("it did not answer a ping");
    await settle();
  });
  const lost = ["its agent does not answer: banger vm kill dev ends it"];
  const passTime = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) await passSecond();
  };

  test("is shown after a while, until it does", async () => {
    expect(await problems()).toEqual([]);
    await passTime(12);
    expect(await problems()).toEqual(lost);
    expect((await vms.list())[0]?.problems).toEqual(lost);
    world.behaviour.openAgent = async (agent) => agent;
    await passTime(12);
    expect(await problems()).toEqual([]);
  });

  test("is not missed while its guest stands still", async () => {
    await vms.pause("dev", context);
    await passTime(12);
    expect(await problems()).toEqual([]);
    const resumed = vms.resume("dev", context);
    await settle();
    expect(await problems()).toEqual([]);
    await passTime(12);
    expect(await problems()).toEqual(lost);
    // Its clock is set as soon as it answers.
    world.behaviour.openAgent = async (agent) => agent;
    await passTime(12);
    await resumed;
  });
});

test("a guest whose kernel has halted is stopped; one that only lost its agent runs on", async () => {
  const { id } = await vms.create({ name: "dev" }, context);
  const path = world.system.layout.consoleLog(id);
  mkdirSync(dirname(path), { recursive: true });
  world.agents[0]?.end("it ended the stream");
  await until("another connection", () => world.agents.length === 2);
  await settle();
  expect(await vms.get("dev")).toMatchObject({ state: "running" });
  writeFileSync(path, "[    9.0] reboot: Power off not available: System halted instead\n");
  // The kernel's word comes after the agent's goodbye: it is looked for again and again.
  await until("the end", () => {
    world.clock.advance(500);
    return world.rows.find("dev")?.state === "stopped";
  });
  expect(world.vmms[0]?.wasKilled).toBe(true);
  expect(await problems()).toEqual([]);
});
