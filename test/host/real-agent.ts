/** The real agent as an ordinary process, with a session to it, below a folder that goes with it. */
import type { Agent } from "../../src/agent/agent.ts";
import { makeOpenAgent } from "../../src/agent/open-agent.ts";
import type { RunningVmm } from "../../src/drivers/drivers.ts";
import { makeFakeDriver } from "../../src/drivers/fake/fake.ts";
import { builtAgent, makeFakePlan, openTestSystem, testConsoles } from "./drivers-world.ts";

const VM_ID = "0123456789ab";

export interface RealAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly vmm: RunningVmm;
  readonly folder: string;
  readonly pid: number;
  /** Another session, in the place of one that ended. */
  reopen(): Promise<Agent>;
}

export async function openRealAgent(): Promise<RealAgent> {
  const never = new AbortController().signal;
  const home = await openTestSystem();
  const { system, folder } = home;
  const driver = makeFakeDriver({ system, consoles: testConsoles(system), agentPath: builtAgent() });
  const vmm = await driver.launch(await makeFakePlan(system, VM_ID), never);
  const reopen = (): Promise<Agent> =>
    makeOpenAgent(system)({ connect: (signal) => vmm.connectAgent(signal), deadlineMs: 10_000, signal: never });
  const agent = await reopen();
  return {
    agent,
    vmm,
    folder,
    pid: vmm.record.identity.pid,
    reopen,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await vmm[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}
