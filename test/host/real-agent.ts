/** The real agent as an ordinary process, with a session to it, below a folder that goes with it. */
import type { Agent } from "../../src/agent/agent.ts";
import { makeOpenAgent } from "../../src/agent/open-agent.ts";
import { makeFakeDriver } from "../../src/drivers/fake/fake.ts";
import { builtAgent, openTestSystem, testConsoles } from "./drivers-world.ts";

const VM_ID = "0123456789ab";

export interface RealAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly folder: string;
  readonly pid: number;
}

export async function openRealAgent(): Promise<RealAgent> {
  const never = new AbortController().signal;
  const home = await openTestSystem();
  const { system, folder } = home;
  const runFolder = system.layout.vmRunFolder(VM_ID);
  await system.files.makeFolder(runFolder);
  const vmm = await makeFakeDriver({ system, consoles: testConsoles(system), agentPath: builtAgent() }).launch(
    {
      vmId: VM_ID,
      name: "test",
      cpus: 1,
      memoryMiB: 1,
      acceleration: "none",
      kernelPath: "/none",
      initrdPath: "/none",
      needsAcpi: false,
      tscKHz: undefined,
      disks: [],
      link: { kind: "none" },
      runFolder,
      consoleLogPath: `${folder}/console.log`,
      vmmLogPath: `${folder}/vmm.log`,
    },
    never,
  );
  const agent = await makeOpenAgent(system)({ connect: (signal) => vmm.connectAgent(signal), deadlineMs: 10_000, signal: never });
  return {
    agent,
    folder,
    pid: vmm.record.identity.pid,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await vmm[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}
