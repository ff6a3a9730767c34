/** What a vm is not fit for now, in words, with what to type instead. */
import { BangerError } from "../contract/errors.ts";
import type { VmState } from "../contract/schemas/vm.ts";
import type { Command, Refusal, Verb } from "./state.ts";
import type { VmRecord } from "./vm-record.ts";

/** The no of the table of states. */
export function refusedCommand({ name }: Pick<VmRecord, "name">, command: Command | "change", { why, instead }: Refusal): BangerError {
  return new BangerError("refused", `vm_cannot_${command}`, `cannot ${command} vm ${name}: it ${why}`, hintOf(instead, name));
}

/** For who wants to speak to its guest. */
export function notRunning({ name, state }: Pick<VmRecord, "name" | "state">): BangerError {
  return new BangerError("refused", "vm_not_running", `vm ${name} is not running: it is ${state}`, hintOf(waysToRun(state), name));
}

/** @param problem what is known to be wrong with the guest. */
export function consoleUnreachable(name: string, problem: string | undefined, cause: unknown): BangerError {
  const why = problem ?? "nobody holds the other end";
  return new BangerError("unavailable", "console_unreachable", `cannot attach to the console of vm ${name}: ${why}`, {
    ...(problem === undefined ? { hint: `what it wrote: banger logs ${name}` } : {}),
    cause,
  });
}

export function driverCannotPause({ name, plan }: VmRecord): BangerError {
  return new BangerError("unsupported", "cannot_pause", `cannot pause vm ${name}: driver ${plan.driver} does not pause`, {
    hint: `banger vm stop ${name}`,
  });
}

/** For who wants its disks as they are. */
export function notStill({ name, state }: Pick<VmRecord, "name" | "state">): BangerError {
  return new BangerError("refused", "vm_not_settled", `cannot copy the disks of vm ${name}: it is ${state}`, hintOf(["stop"], name));
}

function waysToRun(state: VmState): readonly Verb[] {
  switch (state) {
    case "paused":
      return ["resume"];
    case "stopping":
      return ["stop", "start"];
    case "preparing":
    case "deleting":
      return ["show"];
    case "stopped":
    case "starting":
    case "running":
    case "broken":
      return ["start"];
  }
}

/** Commands and nothing else. A stop that is under way is joined by another, so that what comes after it is not refused. */
function hintOf(verbs: readonly Verb[], name: string): { readonly hint?: string } {
  return verbs.length === 0 ? {} : { hint: verbs.map((verb) => `banger vm ${verb} ${name}`).join(", then ") };
}
