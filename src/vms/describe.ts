/** A record as the outside sees it. Never fails: what cannot be read is a problem of the vm. */
import { BangerError } from "../contract/errors.ts";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import type { Requirement } from "../contract/schemas/requirement.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { VmDependencies } from "./dependencies.ts";
import { diskPathsOf } from "./disk-paths.ts";
import { listPending } from "./pending.ts";
import type { UnreadableVm } from "./vm-rows.ts";
import type { VmRecord } from "./vm-record.ts";

/** @param now what is wrong with a guest that runs on. */
export async function describeVm(record: VmRecord, now: readonly string[], dependencies: VmDependencies): Promise<Vm> {
  const { plan, boot } = record;
  const wished = { nat: plan.nat, name: plan.network, allowHost: plan.allowHost, allowLan: plan.allowLan };
  const paths = diskPathsOf(record.id, dependencies);
  const [layer, work] = await Promise.all([
    measure(paths.layer, plan.layerBytes, dependencies),
    measure(paths.work, plan.workBytes, dependencies),
  ]);
  return {
    id: record.id,
    name: record.name,
    state: record.state,
    problems: [record.problem, ...now, layer.problem, work.problem].filter((problem) => problem !== null),
    generation: record.generation,
    image: plan.image,
    kernel: plan.kernel,
    driver: plan.driver,
    acceleration: boot?.acceleration ?? "none",
    accelerationReason: boot?.accelerationReason ?? "not started yet",
    cpus: plan.cpus,
    memoryMiB: plan.memoryMiB,
    init: plan.init,
    disks: { layer: layer.disk, work: work.disk },
    // A link lives and dies with its VMM.
    network:
      boot === null || boot.vmm === null
        ? { mode: "none", why: null, address: null, ...wished }
        : { mode: boot.networkMode, why: boot.networkWhy, address: boot.address, ...wished },
    forwards: plan.forwards,
    env: plan.env,
    commands: plan.commands,
    pending: listPending(record),
    labels: plan.labels,
    ephemeral: plan.ephemeral,
    pid: boot?.vmm?.identity.pid ?? null,
    createdAt: record.createdAt,
    startedAt: boot?.startedAt ?? null,
    stages: boot?.stages ?? [],
    requirements: boot?.requirements ?? plan.requirements.map(notWaitedFor),
  };
}

function notWaitedFor({ name, kind, hint }: Requirement): Vm["requirements"][number] {
  return { name, kind, state: "unknown", elapsedMs: null, why: null, hint };
}

/** A disk that is not there takes nothing: it goes a moment before its vm does, and somebody may have removed it. */
async function measure(
  path: string,
  bytes: number,
  { disks }: VmDependencies,
): Promise<{ readonly disk: { readonly bytes: number; readonly allocatedBytes: number }; readonly problem: string | null }> {
  try {
    return { disk: { bytes, allocatedBytes: await disks.allocatedBytes(path) }, problem: null };
  } catch (error) {
    const isGone = error instanceof BangerError && error.kind === "not_found";
    return { disk: { bytes, allocatedBytes: 0 }, problem: isGone ? null : `cannot measure ${path}: ${String(error)}` };
  }
}

/** A row that cannot be read, shown as `broken`. */
export function describeUnreadable({ id, name, problem }: UnreadableVm): Vm {
  return {
    id,
    name,
    state: "broken",
    problems: [problem],
    generation: 0,
    image: "?",
    kernel: "?",
    driver: "?",
    acceleration: "none",
    accelerationReason: "",
    cpus: 0,
    memoryMiB: 0,
    init: "agent",
    disks: { layer: { bytes: 0, allocatedBytes: 0 }, work: null },
    network: { mode: "none", why: null, address: null, nat: false, name: null, allowHost: [], allowLan: [] },
    forwards: [],
    env: {},
    commands: NO_COMMANDS,
    pending: [],
    labels: {},
    ephemeral: false,
    pid: null,
    createdAt: 0,
    startedAt: null,
    stages: [],
    requirements: [],
  };
}
