import type { Run } from "../command.ts";
import { execInVm } from "../exec-in-vm.ts";
import { openDaemon } from "../open-daemon.ts";
import { specOf } from "../spec-of.ts";
import { UsageError } from "../usage-error.ts";

/** `banger exec` */
export const exec: Run = async ({ given, rest, json }, environment) => {
  const tty = given["tty"] === true;
  if (tty && json) throw new UsageError("--json and -t exclude each other: a terminal's output is no document");
  const wishes = { interactive: given["interactive"] === true, tty, json };
  return execInVm(openDaemon(environment), String(given["vm"]), specOf(rest, given), wishes, environment);
};
