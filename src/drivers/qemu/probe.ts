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

/** What running guests told about one QEMU binary. Only what worked is kept: what failed may be mended before the next boot. */
const proof = z.strictObject({ program: z.string(), bytes: z.number(), modifiedMs: z.number(), version: z.string(), kvm: z.boolean() });
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
    const found = { program: path, ...binary, version: await readVersion(system, path, signal), kvm: false };
    await writeHostFact(system, FACT, found);
    return answer(system, found, path, signal);
  };
}

async function answer(system: System, known: Proof, path: string, signal: AbortSignal): Promise<DriverProbe> {
  const cpuVirtualizes = /^flags\s*:.*\b(vmx|svm)\b/m.test(await system.files.readText("/proc/cpuinfo", MAX_CPUINFO_BYTES));
  const deviceExists = (await system.files.find("/dev/kvm")) !== undefined;
  const mustRun = cpuVirtualizes && deviceExists && !known.kvm;
  const guestFailure = mustRun ? await runProbeGuest(system, path, "kvm", signal) : undefined;
  const verdict = decideAcceleration({ cpuVirtualizes, deviceExists, guestFailure });
  if (verdict.acceleration === "kvm" && !known.kvm) await writeHostFact(system, FACT, { ...known, kvm: true });
  return { usable: true, ...verdict, version: known.version };
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
