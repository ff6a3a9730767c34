/**
 * The plan of a vm: request + what the stores answered + what the computer is -> a complete plan, or every problem at once.
 * Pure: nothing is touched, and the same input gives the same plan.
 */
import type { Problem } from "../contract/errors.ts";
import { exactSize } from "../contract/sizes.ts";
import { DISK_MAX_BYTES, DISK_MIN_BYTES } from "../disks/disks.ts";
import type { DriverProbe } from "../drivers/drivers.ts";
import type { LinkMode } from "../network/network.ts";
import type { VmPlan } from "./vm-record.ts";
import type { CreateRequest } from "./vms.ts";

const MIB = 2 ** 20;

/** The smallest guest that boots the distribution's kernel with our initramfs. */
const LEAST_MEMORY_MIB = 128;
/** Left free on the host for logs, journals and what a new vm writes first. */
const LEAST_FREE_BYTES = 256 * MIB;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ENV_MOST_BYTES = 64 * 1024;

/** What was found out before planning. */
export interface PlanFacts {
  readonly host: { readonly cpus: number; readonly memoryMiB: number; readonly freeBytes: number };
  readonly defaults: { readonly image: string; readonly memoryMiB: number; readonly layerBytes: number; readonly workBytes: number };
  /** The image asked for, or why there is none. */
  readonly image: { readonly name: string; readonly kernelRef: string | null; readonly init: "agent" | "systemd" } | Problem;
  /** The kernel asked for or named by the image, or why there is none; undefined when neither names one. */
  readonly kernel: { readonly name: string } | Problem | undefined;
  /** Drivers in the order of preference, with what each found. */
  readonly drivers: readonly { readonly name: string; readonly links: readonly string[]; readonly probe: DriverProbe }[];
  readonly nat: { readonly mode: LinkMode; readonly reason: string };
}

export type PlanResult = { readonly ok: true; readonly plan: VmPlan } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Plans a vm. `request` has passed the contract's schema. */
export function planVm(request: CreateRequest, facts: PlanFacts): PlanResult {
  const problems: Problem[] = [];
  const note = (problem: Problem | undefined): void => {
    if (problem !== undefined) problems.push(problem);
  };
  const { image, kernel } = facts;
  if (isProblem(image)) note(image);
  else if (kernel === undefined) note(imageWithoutKernel(image.name));
  if (kernel !== undefined && isProblem(kernel)) note(kernel);

  const driver = chooseDriver(request.driver, facts, note);
  const cpus = request.cpus ?? 1;
  if (cpus > facts.host.cpus)
    note(
      problem("too_many_cpus", "cpus", `${cpus} cpus are more than the ${facts.host.cpus} of this computer`, `--cpus ${facts.host.cpus}`),
    );
  const memoryBytes = request.memoryBytes ?? facts.defaults.memoryMiB * MIB;
  note(memoryProblem(memoryBytes, facts.host.memoryMiB));
  const layerBytes = request.diskBytes ?? facts.defaults.layerBytes;
  note(diskProblem("disk", "--disk", layerBytes));
  const workBytes = request.workDiskBytes ?? facts.defaults.workBytes;
  note(diskProblem("workDisk", "--work-disk", workBytes));
  if (facts.host.freeBytes < LEAST_FREE_BYTES) {
    note(
      problem(
        "host_disk_full",
        "",
        `the disk that holds banger's vms has only ${Math.floor(facts.host.freeBytes / MIB)} MiB left`,
        "free some space, or set BANGER_HOME to a folder on another disk",
      ),
    );
  }
  if (request.nat === true && facts.nat.mode === "none")
    note(problem("no_network", "nat", `no way to give a vm a network: ${facts.nat.reason}`, "apt-get install passt"));
  for (const found of envProblems(request.env ?? {})) note(found);

  if (problems.length > 0 || isProblem(image) || kernel === undefined || isProblem(kernel) || driver === undefined)
    return { ok: false, problems };
  return {
    ok: true,
    plan: {
      image: image.name,
      kernel: kernel.name,
      driver,
      cpus,
      memoryMiB: Math.floor(memoryBytes / MIB),
      layerBytes: roundDown(layerBytes),
      workBytes: roundDown(workBytes),
      nat: request.nat ?? false,
      init: request.init === undefined || request.init === "auto" ? image.init : request.init,
      env: { ...request.env },
      labels: { ...request.labels },
      ephemeral: request.ephemeral ?? false,
    },
  };
}

function chooseDriver(wanted: string | undefined, facts: PlanFacts, note: (problem: Problem) => void): string | undefined {
  if (wanted !== undefined) {
    const driver = facts.drivers.find((candidate) => candidate.name === wanted);
    if (driver === undefined) {
      note(
        problem(
          "unknown_driver",
          "driver",
          `there is no driver ${wanted}`,
          `--driver ${facts.drivers.map((candidate) => candidate.name).join(" or ")}`,
        ),
      );
    } else if (!driver.probe.usable) {
      note(problem("driver_unusable", "driver", `driver ${wanted} cannot be used here: ${driver.probe.reason}`, driver.probe.hint));
    }
    return driver?.name;
  }
  const usable = facts.drivers.find((candidate) => candidate.probe.usable);
  const [first] = facts.drivers;
  if (usable === undefined && first !== undefined && !first.probe.usable) {
    note(problem("no_driver", "driver", `no driver can be used here: ${first.name}: ${first.probe.reason}`, first.probe.hint));
  }
  return usable?.name;
}

function memoryProblem(bytes: number, hostMiB: number): Problem | undefined {
  if (bytes < LEAST_MEMORY_MIB * MIB)
    return problem(
      "too_little_memory",
      "memory",
      `${exactSize(bytes)} of memory are too little to boot`,
      `--memory ${LEAST_MEMORY_MIB}M or more`,
    );
  if (bytes > hostMiB * MIB)
    return problem(
      "too_much_memory",
      "memory",
      `${exactSize(bytes)} of memory are more than the ${exactSize(hostMiB * MIB)} of this computer`,
      "a smaller --memory",
    );
  return undefined;
}

function diskProblem(path: string, flag: string, bytes: number): Problem | undefined {
  if (bytes < DISK_MIN_BYTES)
    return problem("disk_too_small", path, `a disk of ${exactSize(bytes)} is too small`, `${flag} ${DISK_MIN_BYTES / MIB}M or more`);
  if (bytes > DISK_MAX_BYTES) return problem("disk_too_large", path, `a disk of ${exactSize(bytes)} is too large`, `${flag} 15T or less`);
  return undefined;
}

function* envProblems(env: Readonly<Record<string, string>>): Generator<Problem> {
  let total = 0;
  for (const [name, value] of Object.entries(env)) {
    total += name.length + value.length;
    if (!ENV_NAME.test(name))
      yield problem("bad_env", `env.${name}`, `${JSON.stringify(name)} is not a name of an environment variable`, "--env NAME=VALUE");
    if (value.includes("\0")) yield problem("bad_env", `env.${name}`, `the value of ${name} holds a zero byte`, "--env NAME=VALUE");
  }
  if (total > ENV_MOST_BYTES)
    yield problem("bad_env", "env", `the environment has ${total} bytes, more than ${ENV_MOST_BYTES}`, "a file in the vm");
}

function imageWithoutKernel(image: string): Problem {
  return problem(
    "image_without_kernel",
    "kernel",
    `image ${image} has no kernel`,
    "--kernel NAME; banger kernel list shows what is here, banger kernel pull debian-6.12 gets one",
  );
}

/** Disks are whole blocks. */
function roundDown(bytes: number): number {
  return bytes - (bytes % 4096);
}

function problem(code: string, path: string, message: string, hint: string): Problem {
  return { code, path, message, hint };
}

function isProblem(value: object): value is Problem {
  return "code" in value && "message" in value;
}
