import type { Probe, ProbeAnswer } from "../../contract/probe.ts";
import type { Driver, DriverProbe } from "../../drivers/drivers.ts";

/** Two guests may have to be run, emulated, on a busy computer. */
const DEADLINE_MS = 40_000;

/** Whether a driver works here, and what runs its guests. */
export function driverProbes(drivers: readonly Driver[]): readonly Probe[] {
  return drivers.flatMap((driver) => {
    let asked: Promise<DriverProbe> | undefined;
    const ask = (signal: AbortSignal): Promise<DriverProbe> => (asked ??= driver.probe(signal));
    const kvm = drivers.length === 1 ? "kvm" : `kvm for ${driver.name}`;
    return [
      { name: driver.name, deadlineMs: DEADLINE_MS, look: async (signal) => driverAnswer(await ask(signal)) },
      { name: kvm, deadlineMs: DEADLINE_MS, look: async (signal) => accelerationAnswer(await ask(signal)) },
    ] satisfies readonly Probe[];
  });
}

function driverAnswer(probe: DriverProbe): ProbeAnswer {
  if (probe.usable) return { status: "fine", detail: `version ${probe.version}` };
  return { status: "missing", detail: probe.reason, hint: probe.hint };
}

/** Emulation works, and is many times slower: where something could be done about it, that is missing. */
function accelerationAnswer(probe: DriverProbe): ProbeAnswer {
  if (!probe.usable) return { status: "not used", detail: "without the driver it cannot be tried" };
  if (probe.acceleration === "kvm") return { status: "fine", detail: probe.reason };
  if (probe.hint === undefined) return { status: "not used", detail: probe.reason };
  return { status: "missing", detail: probe.reason, hint: probe.hint };
}
