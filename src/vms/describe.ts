/** A record as the outside sees it. Never fails: what cannot be read is a problem of the vm. */
import type { Vm } from "../contract/schemas/vm.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { UnreadableVm } from "./vm-rows.ts";
import type { VmRecord } from "./vm-record.ts";

export async function describeVm(record: VmRecord, { system, disks }: VmDependencies): Promise<Vm> {
  const { plan, boot } = record;
  const folder = system.layout.vmFolder(record.id);
  const [layer, work] = await Promise.all([disks.allocatedBytes(`${folder}/layer.ext4`), disks.allocatedBytes(`${folder}/work.ext4`)]);
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
      layer: { bytes: plan.layerBytes, allocatedBytes: layer },
      work: { bytes: plan.workBytes, allocatedBytes: work },
    },
    network: { mode: boot?.networkMode ?? "none", address: boot?.address ?? null },
    env: plan.env,
    ephemeral: plan.ephemeral,
    pid: boot?.vmm?.identity.pid ?? null,
    createdAt: record.createdAt,
    startedAt: boot?.startedAt ?? null,
    stages: boot?.stages ?? [],
  };
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
    ephemeral: false,
    pid: null,
    createdAt: 0,
    startedAt: null,
    stages: [],
  };
}
