import type { Run } from "../command.ts";
import { execInVm } from "../exec-in-vm.ts";
import { openDaemon } from "../open-daemon.ts";
import { LOGIN_SHELL, specOf } from "../spec-of.ts";
import { UsageError } from "../usage-error.ts";

/** `banger shell` */
export const shell: Run = async ({ given, json }, environment) => {
  if (json) throw new UsageError("a shell has no --json", "banger exec --json NAME -- COMMAND");
  return execInVm(
    openDaemon(environment),
    String(given["vm"]),
    specOf(LOGIN_SHELL, given),
    { interactive: true, tty: true, json: false },
    environment,
  );
};
