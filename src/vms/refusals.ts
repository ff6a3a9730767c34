/** What a vm is not fit for now, in words, with what to type instead. */
import { BangerError } from "../contract/errors.ts";
import type { Command, Decision } from "./state.ts";
import type { VmRecord } from "./vm-record.ts";

/** The no of the table of states. */
export function refusedCommand(
  { name }: VmRecord,
  command: Command | "change",
  { why, instead }: Pick<Extract<Decision, { kind: "refuse" }>, "why" | "instead">,
): BangerError {
  return new BangerError("refused", `vm_cannot_${command}`, `cannot ${command} vm ${name}: it ${why}`, {
    ...(instead === undefined ? {} : { hint: `banger vm ${instead} ${name}` }),
  });
}

/** For who wants to speak to its guest. */
export function notRunning({ name, state }: VmRecord): BangerError {
  return new BangerError("refused", "vm_not_running", `vm ${name} is not running: it is ${state}`, {
    hint: state === "paused" ? `banger vm resume ${name}` : `banger vm start ${name}`,
  });
}

export function driverCannotPause({ name, plan }: VmRecord): BangerError {
  return new BangerError("unsupported", "cannot_pause", `cannot pause vm ${name}: driver ${plan.driver} does not pause`, {
    hint: `banger vm stop ${name}`,
  });
}
