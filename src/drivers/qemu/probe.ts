import { z } from "zod";
import type { System } from "../../system/system.ts";
import type { Driver, DriverProbe } from "../drivers.ts";
import { findHostFact, writeHostFact } from "../host-facts.ts";
import { decideAcceleration } from "./decide-acceleration.ts";
import { runProbeGuest } from "./run-probe-guest.ts";

const FACT = "qemu";
const RUN_MS = 10_000;
const MAX_CPUINFO_BYTES = 16 * 1024 * 1024;
const INSTALL_HINT = "install QEMU: sudo apt-get install qemu-system-x86";

const DEVICE = "/dev/kvm";

/**
 * What running guests told about one QEMU binary, and about KVM with it: why none ran, or null when one did. A binary that runs
 * no guest at all is not kept: there is nothing to do but to mend it, and then it is to be seen at once.
 */
const proof = z.strictObject({
  program: z.string(),
  bytes: z.number(),
  modifiedMs: z.number(),
  version: z.string(),
  kvm: z.strictObject({ device: z.string(), failure: z.string().nullable() }).nullable(),
});
type Proof = z.output<typeof proof>;

/** Makes `probe`. Answers in about a millisecond once the facts are known. */
export function makeProbe(system: System, program: string): Driver["probe"] {
  return async (signal) => {
    const path = system.processes.which(program);
    const binary = path === undefined ? undefined : await followed(system, path);
    if (path === undefined || binary === undefined) return { usable: false, reason: `${program} is not installed`, hint: INSTALL_HINT };
    const known = await findHostFact(system, FACT, proof);
    if (known?.program === path && known.bytes === binary.bytes && known.modifiedMs === binary.modifiedMs) {
      return answer(system, known, path, signal);
    }
    const failure = await runProbeGuest(system, path, "tcg", signal);
    if (failure !== undefined) {
      return {
        usable: false,
        reason: `${program} runs no guest: ${failure}`,
        hint: "install QEMU 7.2 or newer with seccomp: sudo apt-get install qemu-system-x86",
      };
    }
    const found = { program: path, ...binary, version: await readVersion(system, path, signal), kvm: null };
    await writeHostFact(system, FACT, found);
    return answer(system, found, path, signal);
  };
}

async function answer(system: System, known: Proof, path: string, signal: AbortSignal): Promise<DriverProbe> {
  const cpuVirtualizes = /^flags\s*:.*\b(vmx|svm)\b/m.test(await system.files.readText("/proc/cpuinfo", MAX_CPUINFO_BYTES));
  const device = await describeDevice(system);
  const failure = cpuVirtualizes && device !== undefined ? await askKvm(system, known, path, device, signal) : null;
  const verdict = decideAcceleration({ cpuVirtualizes, deviceExists: device !== undefined, guestFailure: failure ?? undefined });
  return { usable: true, ...verdict, version: known.version };
}

/** Why no guest runs under KVM; null when one does. Asked once for each device and program: it can take ten seconds to learn that none does. */
async function askKvm(system: System, known: Proof, path: string, device: string, signal: AbortSignal): Promise<string | null> {
  if (known.kvm?.device === device) return known.kvm.failure;
  const failure = (await runProbeGuest(system, path, "kvm", signal)) ?? null;
  await writeHostFact(system, FACT, { ...known, kvm: { device, failure } });
  return failure;
}

/** What a verdict about KVM depends on and a person may mend: the device as its module made it, and what we may do with it. */
async function describeDevice({ files }: System): Promise<string | undefined> {
  const info = await files.find(DEVICE);
  if (info === undefined) return undefined;
  return `mode ${info.mode.toString(8)} of ${info.uid} made ${info.modifiedMs} ${files.mayUse(DEVICE) ? "ours to use" : "not ours to use"}`;
}

/** Size and time of a program; on some systems its name is a link. */
async function followed(system: System, path: string): Promise<{ readonly bytes: number; readonly modifiedMs: number } | undefined> {
  const info = await system.files.find(path);
  return info === undefined ? undefined : { bytes: info.bytes, modifiedMs: info.modifiedMs };
}

async function readVersion(system: System, path: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await system.processes.runOk([path, "--version"], { timeoutMs: RUN_MS, signal });
  return /version (?<version>[0-9.]+)/.exec(stdout)?.groups?.["version"] ?? "unknown";
}
