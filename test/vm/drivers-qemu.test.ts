import { expect, test } from "bun:test";
import { makeOpenAgent } from "../../src/agent/open-agent.ts";
import { testDriver, type DriverWorld } from "../../src/drivers/driver-suite.ts";
import type { LaunchPlan } from "../../src/drivers/drivers.ts";
import { makeQemuDriver } from "../../src/drivers/qemu/qemu.ts";
import { readTscKHz } from "../../src/drivers/read-tsc-khz.ts";
import { builtAgent, openTestSystem, testConsoles } from "../host/drivers-world.ts";
import { openBootSet } from "./drivers-kernel.ts";

const never = new AbortController().signal;

async function openWorld(): Promise<DriverWorld> {
  const { system, ...home } = await openTestSystem();
  const boot = await openBootSet(system);
  const tscKHz = await readTscKHz(system, builtAgent(), never);
  const makePlan = async (vmId: string): Promise<LaunchPlan> => {
    const runFolder = system.layout.vmRunFolder(vmId);
    const folder = system.layout.vmFolder(vmId);
    await system.files.makeFolder(runFolder);
    await system.files.makeFolder(folder);
    const probe = await makeQemuDriver({ system, consoles: testConsoles(system) }).probe(never);
    if (!probe.usable) throw new Error(probe.reason);
    return {
      vmId,
      name: "test",
      cpus: 1,
      memoryMiB: 256,
      acceleration: probe.acceleration,
      kernelPath: boot.kernelPath,
      initrdPath: boot.initrdPath,
      needsAcpi: boot.needsAcpi,
      tscKHz: probe.acceleration === "tcg" ? tscKHz : undefined,
      disks: [],
      link: { kind: "none" },
      runFolder,
      consoleLogPath: `${folder}/console.log`,
      vmmLogPath: `${folder}/vmm.log`,
    };
  };
  return {
    system,
    makeDriver: () => makeQemuDriver({ system, consoles: testConsoles(system) }),
    makePlan,
    makeBroken: async (vmId) => ({
      driver: makeQemuDriver({ system, consoles: testConsoles(system) }),
      plan: { ...(await makePlan(vmId)), kernelPath: "/no/such/kernel" },
    }),
    powerOff: async (vmm) => {
      await using agent = await makeOpenAgent(system)({ connect: (signal) => vmm.connectAgent(signal), deadlineMs: 60_000, signal: never });
      await agent.powerOff(never);
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

testDriver("qemu", openWorld);

test("qemu: a guest without ACPI answers and powers off, too", async () => {
  await using world = await openWorld();
  const plan = await world.makePlan("0123456789ab");
  // A distribution's kernel finds its devices only by ACPI.
  await using vmm = await world
    .makeDriver()
    .launch({ ...plan, needsAcpi: plan.initrdPath.includes("no-modules") ? false : plan.needsAcpi }, never);
  await world.powerOff(vmm);
  expect(await vmm.exited).toEqual({ reason: "guest-power-off" });
});
