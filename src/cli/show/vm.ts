import { formatForward, formatPlace } from "../../contract/schemas/forward.ts";
import { nameOfInit } from "../../contract/schemas/init.ts";
import type { Output } from "../../sdk/sdk.ts";
import type { Vm } from "../../contract/schemas/vm.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { commandFacts } from "./command-facts.ts";
import { forwardsOf } from "./forwards.ts";
import { formatAge, formatBytes, formatMs } from "../format.ts";
import { pairs, table } from "../table.ts";

/** `banger ps` */
export function showVms(vms: readonly Vm[]): Promise<string> {
  const hasProblems = vms.some(({ problems }) => problems.length > 0);
  const hasForwards = vms.some(({ forwards }) => forwards.length > 0);
  return table(
    [
      "NAME",
      "STATE",
      "IMAGE",
      "CPUS",
      "MEMORY",
      "NETWORK",
      "CREATED",
      ...(hasForwards ? ["PORTS"] : []),
      ...(hasProblems ? ["PROBLEMS"] : []),
    ],
    vms.map((vm) => [
      vm.name,
      vm.state,
      vm.image,
      String(vm.cpus),
      formatBytes(vm.memoryMiB * 2 ** 20),
      vm.network.address ?? modeOf(vm),
      `${formatAge(vm.createdAt)} ago`,
      ...(hasForwards ? [vm.forwards.map(wordOf).join(" ")] : []),
      ...(hasProblems ? [vm.problems.join("; ")] : []),
    ]),
  );
}

/** As it is typed, and the other way round as it leads. */
function wordOf(forward: Vm["forwards"][number]): string {
  return forward.reverse ? `${forward.guestPort}->${formatPlace(forward)}` : formatForward(forward);
}

/** `banger vm show` */
export async function showVm(vm: Output<"vm.show">): Promise<string> {
  const { layer, work } = vm.disks;
  const disk = ({ bytes, allocatedBytes }: typeof layer): string => `${formatBytes(bytes)}, ${formatBytes(allocatedBytes)} of it in use`;
  const { mode, nat, name, address, why } = vm.network;
  const named = name === null ? null : `in network ${name}`;
  const isOff = mode === "none" && (nat || named !== null);
  const wayOut = nat || mode === "none" ? null : "no way out";
  const parts = isOff ? [nat ? "nat" : null, named, "from its next start on"] : [mode, address, named, wayOut, why];
  const network = parts.filter((part) => part !== null && part !== "").join(", ");
  const facts = pairs([
    ["name", vm.name],
    ["id", vm.id],
    ["state", vm.state],
    ["problems", vm.problems.join("; ")],
    ["image", vm.image],
    ["kernel", vm.kernel],
    ["driver", vm.startedAt === null ? `${vm.driver}, not started yet` : `${vm.driver}, ${vm.acceleration}: ${vm.accelerationReason}`],
    ["cpus", String(vm.cpus)],
    ["memory", formatBytes(vm.memoryMiB * 2 ** 20)],
    ["init", vm.init],
    ["root disk", disk(layer)],
    ["work disk", work === null ? "none" : disk(work)],
    ["network", network],
    ["may reach", grantsOf(vm)],
    ["ssh", vm.ssh === null ? undefined : vm.ssh === "image" ? "the image's sshd" : "banger's sshd"],
    ["environment", keysAndValues(vm.env)],
    ...commandFacts(vm.commands),
    ["labels", keysAndValues(vm.labels)],
    ["ephemeral", vm.ephemeral ? "yes: deleted when it stops" : undefined],
    ["pid", vm.pid === null ? undefined : String(vm.pid)],
    ["created", `${formatAge(vm.createdAt)} ago`],
    ["up", vm.pid === null || vm.startedAt === null ? undefined : `for ${formatAge(vm.startedAt)}`],
  ]);
  const forwards = await forwardsOf(vm);
  const pending = vm.pending.map(({ what, now, next }) => [what, now, next]);
  const stages = vm.stages.map(({ stage, elapsedMs }) => [stage, formatMs(elapsedMs)]);
  const requirements = vm.requirements.map(({ name, state, elapsedMs, why }) => [
    name,
    state,
    elapsedMs === null ? "" : formatMs(elapsedMs),
    why ?? "",
  ]);
  return [
    facts,
    ...(pending.length === 0 ? [] : [await table(["FROM THE NEXT START ON", "NOW", "THEN"], pending)]),
    ...(forwards === undefined ? [] : [forwards]),
    ...(stages.length === 0
      ? []
      : [
          await table(
            ["LAST START", "TOOK"],
            [...stages, ["in all", formatMs(vm.stages.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0))]],
          ),
        ]),
    ...(requirements.length === 0 ? [] : [await table(["READY WHEN", "STATE", "AFTER", ""], requirements)]),
  ].join("\n");
}

/** What its link is made of; a vm that has none now, and gets one when it is started, is told from one that never does. */
function modeOf({ network: { mode, nat, name } }: Vm): string {
  return mode !== "none" ? mode : nat ? "nat" : (name ?? mode);
}

/** Besides the internet. */
function grantsOf({ network: { nat, allowHost, allowLan } }: Vm): string | undefined {
  if (!nat || allowHost.length + allowLan.length === 0) return undefined;
  return [...allowHost.map((port) => `port ${port} of this computer's loopback, at its gateway`), ...allowLan].join(", ");
}

function keysAndValues(all: Readonly<Record<string, string>>): string {
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

/** What is told after a verb that changed a vm. */
export function showVmMoved(vm: Vm): string {
  return `vm ${vm.name} is ${vm.state}; ${nextOf(vm)}\n`;
}

/** What is told after a vm was started: its agent answers, and an init of its own may need a while longer. */
export function showVmStarted(vm: Vm): string {
  const isStarting = vm.init !== "agent" && vm.state === "running" && !vm.requirements.some(({ kind }) => kind === "unit");
  if (!isStarting) return showVmMoved(vm);
  if (vm.init !== "systemd") return `${showVmMoved(vm)}${nameOfInit(vm.init)} goes on starting in it\n`;
  const wait = `banger exec ${vm.name} -- sh -c 'until systemctl -q is-active multi-user.target 2>/dev/null; do sleep 1; done'`;
  return `${showVmMoved(vm)}systemd goes on starting in it; this waits for it: ${wait}\n`;
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
