import type { Vm } from "../../contract/schemas/vm.ts";
import { escapeText } from "../escape-text.ts";
import { formatAge, formatBytes, formatMs } from "../format.ts";
import { pairs, table } from "../table.ts";

/** `banger ps` */
export function showVms(vms: readonly Vm[]): Promise<string> {
  const hasProblems = vms.some(({ problems }) => problems.length > 0);
  return table(
    ["NAME", "STATE", "IMAGE", "CPUS", "MEMORY", "NETWORK", "CREATED", ...(hasProblems ? ["PROBLEMS"] : [])],
    vms.map((vm) => [
      vm.name,
      vm.state,
      vm.image,
      String(vm.cpus),
      formatBytes(vm.memoryMiB * 2 ** 20),
      vm.network.address ?? vm.network.mode,
      `${formatAge(vm.createdAt)} ago`,
      ...(hasProblems ? [vm.problems.join("; ")] : []),
    ]),
  );
}

/** `banger vm show` */
export function showVm(vm: Vm): string {
  const { layer, work } = vm.disks;
  const disk = ({ bytes, allocatedBytes }: typeof layer): string => `${formatBytes(bytes)}, ${formatBytes(allocatedBytes)} of it in use`;
  return pairs([
    ["name", vm.name],
    ["id", vm.id],
    ["state", vm.state],
    ["problems", vm.problems.join("; ")],
    ["image", vm.image],
    ["kernel", vm.kernel],
    ["driver", `${vm.driver}, ${vm.acceleration}: ${vm.accelerationReason}`],
    ["cpus", String(vm.cpus)],
    ["memory", formatBytes(vm.memoryMiB * 2 ** 20)],
    ["init", vm.init],
    ["root disk", disk(layer)],
    ["work disk", work === null ? "none" : disk(work)],
    ["network", vm.network.address === null ? vm.network.mode : `${vm.network.mode}, ${vm.network.address}`],
    [
      "environment",
      Object.entries(vm.env)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    ],
    [
      "labels",
      Object.entries(vm.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    ],
    ["ephemeral", vm.ephemeral ? "yes: deleted when it stops" : undefined],
    ["pid", vm.pid === null ? undefined : String(vm.pid)],
    ["created", `${formatAge(vm.createdAt)} ago`],
    ["started", vm.startedAt === null ? undefined : `${formatAge(vm.startedAt)} ago`],
    ["last start", vm.stages.map(({ stage, elapsedMs }) => `${stage} ${formatMs(elapsedMs)}`).join(", ")],
  ]);
}

/** What is told after a verb that changed a vm. */
export function showVmMoved(vm: Vm): string {
  return `vm ${vm.name} is ${vm.state}; ${nextOf(vm)}\n`;
}

/** What is told after `banger vm set` and `banger vm rename`. */
export function showVmChanged({ name, pending }: Vm, how: string): string {
  if (pending.length === 0) return `${how}\n`;
  const what = pending.map((each) => `${each.what} ${each.next}`).join(", ");
  return `${how}\ntakes effect at the next start: ${escapeText(what)}\ntry: banger vm stop ${name} && banger vm start ${name}\n`;
}

function nextOf({ name, state }: Vm): string {
  switch (state) {
    case "stopped":
      return `start it with: banger start ${name}`;
    case "paused":
      return `let it go on with: banger resume ${name}`;
    default:
      return `open a shell with: banger shell ${name}`;
  }
}
