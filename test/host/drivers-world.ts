/** A `System` of a test's own, below a folder that goes with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeConsoles, type Consoles, type LaunchPlan } from "../../src/drivers/drivers.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { Log, System } from "../../src/system/system.ts";

const ignore = (): void => undefined;
const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface TestSystem extends AsyncDisposable {
  readonly system: System;
  readonly folder: string;
}

export async function openTestSystem(): Promise<TestSystem> {
  const folder = await mkdtemp(join(tmpdir(), "bd-"));
  const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: folder }, silentLog);
  return { system, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Consoles with the keeper that was built. */
export function testConsoles(system: System, maxBytes = 2 ** 24): Consoles {
  return makeConsoles({ system, agentPath: builtAgent(), maxBytes });
}

/** What the fake driver needs of a vm: folders, and nothing that boots. */
export async function makeFakePlan(system: System, vmId: string): Promise<LaunchPlan> {
  const runFolder = system.layout.vmRunFolder(vmId);
  const folder = system.layout.vmFolder(vmId);
  await system.files.makeFolder(runFolder);
  await system.files.makeFolder(folder);
  return {
    vmId,
    name: "test",
    cpus: 1,
    memoryMiB: 256,
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
  };
}

/** The guest agent that was built. Fails with what to type when there is none. */
export function builtAgent(): string {
  const root = resolve(import.meta.dir, "../..");
  const places = [
    process.env["BANGER_AGENT"],
    join(root, "build/banger-agent"),
    join(root, "guest/target/x86_64-unknown-linux-gnu/release/banger-agent"),
    join(root, "guest/target/x86_64-unknown-linux-gnu/debug/banger-agent"),
  ];
  const found = places.find((place) => place !== undefined && place !== "" && existsSync(place));
  if (found === undefined) throw new Error("the guest agent is not built: npm run setup, or set BANGER_AGENT to its path");
  return found;
}
