import { describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../src/agent/agent.ts";
import { makeOpenAgent } from "../../src/agent/open-agent.ts";
import { BangerError } from "../../src/contract/errors.ts";
import { encodeFrame, encodeJsonFrame, FRAME } from "../../src/contract/frames.ts";
import { makeFakeDriver, type FakeTrouble } from "../../src/drivers/fake/fake.ts";
import { testDriver, type DriverWorld } from "../../src/drivers/driver-suite.ts";
import type { System } from "../../src/system/system.ts";
import { until } from "../support/until.ts";
import { builtAgent, makeFakePlan, openTestSystem, testConsoles } from "./drivers-world.ts";
import { openRealAgent } from "./real-agent.ts";

const never = new AbortController().signal;

async function openWorld(): Promise<DriverWorld> {
  const { system, ...home } = await openTestSystem();
  return {
    system,
    makeDriver: () => makeFakeDriver({ system, consoles: testConsoles(system), agentPath: builtAgent() }),
    makePlan: (vmId) => makeFakePlan(system, vmId),
    makeBroken: async (vmId) => ({
      driver: makeFakeDriver({ system, consoles: testConsoles(system), agentPath: "/bin/false" }),
      plan: await makeFakePlan(system, vmId),
    }),
    powerOff: async (vmm) => {
      await using agent = await makeOpenAgent(system)({ connect: (signal) => vmm.connectAgent(signal), deadlineMs: 10_000, signal: never });
      await agent.powerOff(never);
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

testDriver("fake", openWorld);

test("a command that runs while the guest goes down tells how it ended", async () => {
  await using guest = await openRealAgent();
  const { agent, vmm } = guest;
  const running = runCommand(await agent.openExec(never), { argv: ["sleep", "60"], env: {} });
  await runCommand(await agent.openExec(never), { argv: ["true"], env: {} });
  await agent.powerOff(never);
  expect((await running).exit).toEqual({ signal: 15 });
  expect(await vmm.exited).toEqual({ reason: "guest-power-off" });
});

test("an end is told though the keeper of the console cannot be ended", async () => {
  await using world = await openTestSystem();
  const { processes } = world.system;
  const system: System = {
    ...world.system,
    processes: {
      ...processes,
      signal: () => {
        throw new BangerError("unavailable", "no_signals", "nothing can be signalled");
      },
    },
  };
  const driver = makeFakeDriver({ system, consoles: testConsoles(system), agentPath: builtAgent() });
  const vmm = await driver.launch(await makeFakePlan(system, "0123456789ab"), never);
  processes.signal(vmm.record.identity, "SIGKILL");
  expect(await vmm.exited).toEqual({ reason: "crashed", detail: "ended by SIGKILL" });
  await vmm.letGo();
});

test("a keeper of the console that cannot be replaced for want of descriptors is replaced when there are some", async () => {
  await using world = await openTestSystem();
  const { processes } = world.system;
  let refusals = 0;
  let isShort = false;
  const startDetached: typeof processes.startDetached = async (argv, options) => {
    if (!isShort) return processes.startDetached(argv, options);
    refusals += 1;
    throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  };
  const system: System = { ...world.system, processes: { ...processes, startDetached } };
  const consoles = testConsoles(system);
  const plan = await makeFakePlan(system, "0123456789ac");
  const keepers = () => consoles.findStrays().filter(({ vmId }) => vmId === plan.vmId);
  await using vmm = await makeFakeDriver({ system, consoles, agentPath: builtAgent() }).launch(plan, never);
  const [first] = keepers();
  if (first === undefined) throw new Error("there is no keeper");
  isShort = true;
  processes.signal(first.identity, "SIGKILL");
  await until("two refusals", () => refusals >= 2);
  expect(keepers()).toEqual([]);
  isShort = false;
  await until("another keeper", () => keepers().length > 0);
  // What the guest says goes on into the log.
  appendFileSync(join(plan.runFolder, "console.out"), "said after it\n");
  await until("the log", () => readFileSync(plan.consoleLogPath, "utf8").endsWith("said after it\n"));
  await vmm.kill();
});

test("a guest that goes down is heard to the end, though the host goes on talking", async () => {
  for (let round = 0; round < 40; round += 1) {
    await using guest = await openRealAgent();
    const { agent } = guest;
    const ended = runCommand(await agent.openExec(never), { argv: ["sleep", "60"], env: {} });
    const sink = await agent.openExec(never);
    sink.on("error", () => undefined);
    sink.write(encodeJsonFrame(FRAME.spec, { argv: ["cat"], env: {} }));
    const talk = setInterval(() => sink.destroyed || sink.write(encodeFrame(FRAME.stdin, Buffer.from("and another thing"))), 1);
    try {
      await agent.powerOff(never);
      expect((await ended).exit).toEqual({ signal: 15 });
    } finally {
      clearInterval(talk);
    }
  }
}, 60_000);

describe("a fake vm that is told to", () => {
  const open = async (trouble: FakeTrouble): Promise<string> => {
    await using world = await openTestSystem();
    const driver = makeFakeDriver({
      system: world.system,
      consoles: testConsoles(world.system),
      agentPath: builtAgent(),
      trouble: () => trouble,
    });
    await using vmm = await driver.launch(await makeFakePlan(world.system, "0123456789ab"), never);
    try {
      await using agent = await makeOpenAgent(world.system)({
        connect: (signal) => vmm.connectAgent(signal),
        deadlineMs: 500,
        signal: never,
      });
      return `opened ${agent.hello.agent}`;
    } catch (thrown) {
      if (thrown instanceof BangerError) return thrown.code;
      throw thrown;
    }
  };

  const cases: readonly (readonly [FakeTrouble, RegExp])[] = [
    ["crash", /^(socket_refused|guest_connection_lost)$/],
    ["hang", /^guest_silent$/],
    ["wrong-protocol", /^agent_protocol_mismatch$/],
    ["wrong-nonce", /^guest_silent$/],
    ["garbage", /^guest_garbled$/],
  ];
  test.each(cases)("%s does", async (trouble, code) => {
    expect(await open(trouble)).toMatch(code);
  });
});
