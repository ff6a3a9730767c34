/**
 * A driver without a VMM: its guest is the real agent as an ordinary process. Everything above a driver can be tested with it
 * in milliseconds, and it can be told to go wrong in the ways in which a guest does. Its serial port is the agent's stdin and
 * stdout; a command finds its other ends as `console.in` and `console.out` in the run folder. It isolates nothing.
 */
import { basename, dirname } from "node:path";
import type { System } from "../../system/system.ts";
import type { Consoles } from "../console/console.ts";
import type { Driver, LaunchPlan } from "../drivers.ts";
import { AGENT_SOCKET, FakeVmm } from "./fake-vmm.ts";
import { launchAgent } from "./launch-agent.ts";
import { launchTrouble, type FakeTrouble } from "./trouble.ts";

export type { FakeTrouble } from "./trouble.ts";

export interface FakeOptions {
  readonly system: System;
  readonly consoles: Consoles;
  /** The guest agent's program for this computer. */
  readonly agentPath: string;
  /** What shall go wrong with a vm; asked at each launch. */
  readonly trouble?: (plan: LaunchPlan) => FakeTrouble | undefined;
}

const RUN_MS = 10_000;

export function makeFakeDriver({ system, consoles, agentPath, trouble }: FakeOptions): Driver {
  const { processes } = system;
  return {
    name: "fake",
    capabilities: { pause: true, growDiskLive: false, snapshot: false, links: ["none", "tap", "user"], isolates: false },
    probe: async (signal) => {
      if (processes.which(agentPath) === undefined) {
        return { usable: false, reason: `there is no guest agent at ${agentPath}`, hint: "build it: npm run setup" };
      }
      const { stdout } = await processes.runOk([agentPath, "--version"], { timeoutMs: RUN_MS, signal });
      return { usable: true, acceleration: "none", reason: "the guest is an ordinary process", version: stdout.trim() };
    },
    launch: async (plan, signal) => {
      signal.throwIfAborted();
      const wrong = trouble?.(plan);
      return wrong === undefined ? launchAgent({ system, consoles, agentPath }, plan, signal) : launchTrouble(system, wrong, plan);
    },
    adopt: async (record) =>
      processes.isAlive(record.identity) ? new FakeVmm(system, record, { console: await consoles.adopt(record) }) : undefined,
    // The agent leaves nothing behind that would tell.
    explainEnd: async () => undefined,
    findStrays: () => [
      ...processes.findByArgument(`/${AGENT_SOCKET}`).flatMap(({ argv, ...identity }) => {
        const socket = argv.find((argument) => argument.endsWith(`/${AGENT_SOCKET}`));
        const vmId = socket === undefined ? "" : basename(dirname(socket));
        return /^[0-9a-f]{1,32}$/.test(vmId) ? [{ vmId, identity }] : [];
      }),
      ...consoles.findStrays(),
    ],
  };
}
