/** A record as the outside sees it. Never fails: what cannot be read is a problem of the vm. */
import { BangerError } from "../contract/errors.ts";
import type { Requirement } from "../contract/schemas/requirement.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { VmDependencies } from "./dependencies.ts";
import { listPending } from "./pending.ts";
import type { UnreadableVm } from "./vm-rows.ts";
import type { VmRecord } from "./vm-record.ts";

export async function describeVm(record: VmRecord, dependencies: VmDependencies): Promise<Vm> {
  const { plan, boot } = record;
  const folder = dependencies.system.layout.vmFolder(record.id);
  const [layer, work] = await Promise.all(["layer.ext4", "work.ext4"].map((name) => allocatedBytes(`${folder}/${name}`, dependencies)));
  return {
    id: record.id,
    name: record.name,
    state: record.state,
    problems: record.problem === null ? [] : [record.problem],
    generation: record.generation,
    image: plan.image,
    kernel: plan.kernel,
    driver: plan.driver,
    acceleration: boot?.acceleration ?? "none",
    accelerationReason: boot?.accelerationReason ?? "not started yet",
    cpus: plan.cpus,
    memoryMiB: plan.memoryMiB,
    init: plan.init,
    disks: {
      layer: { bytes: plan.layerBytes, allocatedBytes: layer ?? 0 },
      work: { bytes: plan.workBytes, allocatedBytes: work ?? 0 },
    },
    // A link lives and dies with its VMM.
    network: boot === null || boot.vmm === null ? { mode: "none", address: null } : { mode: boot.networkMode, address: boot.address },
    env: plan.env,
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

/** None of a disk that is not there: it goes a moment before its vm does, and somebody may have removed it. */
async function allocatedBytes(path: string, { disks }: VmDependencies): Promise<number> {
  try {
    return await disks.allocatedBytes(path);
  } catch (error) {
    if (error instanceof BangerError && error.kind === "not_found") return 0;
    throw error;
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
    network: { mode: "none", address: null },
    env: {},
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
