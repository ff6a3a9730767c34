/** What this daemon works with, in versions. */
import type { Driver } from "../drivers/drivers.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";

export interface DriverVersion {
  readonly name: string;
  /** Null when it cannot be used. */
  readonly version: string | null;
  readonly acceleration: "kvm" | "tcg" | "none";
  readonly reason: string;
}

export interface About {
  /** Of the guest agent that vms are started with. */
  agentVersion(): Promise<string>;
  drivers(): Promise<readonly DriverVersion[]>;
  /** What the agents of running vms say that they are; null for one that does not answer. */
  agents(): Promise<readonly { readonly name: string; readonly agent: string | null }[]>;
}

export interface AboutParts {
  readonly system: Pick<System, "processes" | "clock">;
  readonly agentPath: string;
  readonly drivers: readonly Driver[];
  readonly vms: Pick<Vms, "list" | "agentOf">;
}

const RUN_MS = 10_000;
/** Two guests may have to be run, emulated, on a busy computer. */
const PROBE_MS = 40_000;
/** A guest that was reached before is known at once. */
const ANSWER_MS = 1000;

export function makeAbout({ system, agentPath, drivers, vms }: AboutParts): About {
  const { processes, clock } = system;
  return {
    agentVersion: async () => {
      const { stdout } = await processes.runOk([agentPath, "--version"], { timeoutMs: RUN_MS });
      return /^banger-agent (\S+)/.exec(stdout)?.[1] ?? "unknown";
    },
    drivers: () =>
      Promise.all(
        drivers.map(async (driver) => {
          const probe = await driver.probe(AbortSignal.timeout(PROBE_MS));
          const { name } = driver;
          if (!probe.usable) return { name, version: null, acceleration: "none" as const, reason: probe.reason };
          return { name, version: probe.version, acceleration: probe.acceleration, reason: probe.reason };
        }),
      ),
    agents: async () => {
      const running = (await vms.list()).filter(({ state }) => state === "running");
      return Promise.all(
        running.map(async ({ name, id }) => {
          const asked = vms.agentOf(id).then(
            ({ hello }) => hello.agent,
            // It is going, or its agent cannot be reached.
            () => null,
          );
          return { name, agent: await Promise.race([asked, clock.sleep(ANSWER_MS).then(() => null)]) };
        }),
      );
    },
  };
}
