import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { keepAgent } from "./keep-agent.ts";
import { settle, until } from "./test-clock.ts";
import type { TestVmm } from "./test-vmm.ts";
import { makeContext, openTestWorld, type TestWorld } from "./test-world.ts";

let world: TestWorld;
beforeEach(() => {
  world = openTestWorld();
});
afterEach(() => world[Symbol.dispose]());
const never = makeContext().signal;

async function runningVmm(): Promise<TestVmm> {
  world.alive.add(7);
  const identity = { pid: 7, startTicks: 1, bootId: "b" };
  await world.behaviour.adopt({ driver: "fake", vmId: "0123456789ab", identity, runFolder: "/r" }, never);
  return world.vmms.at(-1) as TestVmm;
}
const keep = async (): Promise<ReturnType<typeof keepAgent>> =>
  keepAgent(
    {
      vmm: await runningVmm(),
      agent: undefined,
      vmName: () => "dev",
      isHeld: false,
      onSilence: () => undefined,
      onConnected: () => undefined,
    },
    world.dependencies,
  );

describe("a connection to an agent that is kept", () => {
  test("is made at once when a VMM was taken over, and again when it ends", async () => {
    await using keeper = await keep();
    const first = await keeper.current(never);
    expect(first).toBe(world.agents[0] as never);
    world.clock.advance(5_000);
    world.agents[0]?.end("the stream ended");
    await until("the next", () => world.agents.length === 2);
    expect(await keeper.current(never)).toBe(world.agents[1] as never);
  });

  test("costs ever less when the guest ends each one at once", async () => {
    world.behaviour.openAgent = async (agent) => {
      agent.end("I am hostile");
      return agent;
    };
    await using _keeper = await keep();
    await settle();
    expect(world.agents.length).toBe(1);
    for (let second = 0; second < 60; second += 1) {
      world.clock.advance(1000);
      await settle();
    }
    // 0.1, 0.2, 0.4, ... up to one in 10 s.
    expect(world.agents.length).toBeGreaterThan(5);
    expect(world.agents.length).toBeLessThan(20);
  });

  test("is tried again when the guest refuses it, after a pause", async () => {
    let isReady = false;
    world.behaviour.openAgent = async (agent) => (isReady ? agent : Promise.reject(new Error("not yet")));
    await using keeper = await keep();
    await until("a pause", () => world.clock.sleepers === 1);
    expect(world.agents).toHaveLength(1);
    isReady = true;
    world.clock.advance(100);
    expect(await keeper.current(never)).toBe(world.agents[1] as never);
  });

  test("is told at once to be impossible when the agent speaks another protocol", async () => {
    world.behaviour.openAgent = async () =>
      Promise.reject(new BangerError("unsupported", "agent_protocol_mismatch", "it speaks protocol 1", { data: { theirs: 1, ours: 2 } }));
    await using keeper = await keep();
    const waiting = keeper.current(never).catch((error: unknown) => error);
    expect(await waiting).toMatchObject({
      code: "agent_protocol_mismatch",
      message: "vm dev was started by another version of banger: it speaks protocol 1",
      data: { theirs: 1, ours: 2 },
      hint: expect.stringContaining("banger vm stop dev"),
    });
    expect(await keeper.current(never).catch((error: unknown) => error)).toBe(keeper.mismatch as never);
    // It may have been a lie.
    world.behaviour.openAgent = async (agent) => agent;
    world.clock.advance(100);
    await until("a connection", () => keeper.mismatch === undefined);
    expect(await keeper.current(never)).toBe(world.agents.at(-1) as never);
  });

  test("is waited for no longer than its caller, and no longer than its VMM lives", async () => {
    world.behaviour.openAgent = () => new Promise(() => undefined);
    const vmm = await runningVmm();
    const keeper = keepAgent(
      { vmm, agent: undefined, vmName: () => "dev", isHeld: false, onSilence: () => undefined, onConnected: () => undefined },
      world.dependencies,
    );
    const caller = new AbortController();
    const asked = keeper.current(caller.signal).catch((error: unknown) => error);
    caller.abort(new Error("I changed my mind"));
    expect(await asked).toMatchObject({ message: "I changed my mind" });
    const waiting = keeper.current(never).catch((error: unknown) => error);
    vmm.end({ reason: "guest-power-off" });
    expect(await waiting).toMatchObject({ code: "agent_unreachable", message: "the agent of vm dev does not answer" });
  });

  test("ends with its keeper", async () => {
    const keeper = await keep();
    await keeper.current(never);
    await keeper[Symbol.asyncDispose]();
    expect(await world.agents[0]?.closed).toBe("we let go");
    await settle();
    expect(world.agents).toHaveLength(1);
  });
});
