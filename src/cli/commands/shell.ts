import type { Run } from "../command.ts";
import { checkTerminal, execInVm, type ExecWishes } from "../exec-in-vm.ts";
import { openDaemon } from "../open-daemon.ts";
import { LOGIN_SHELL, specOf } from "../spec-of.ts";
import { UsageError } from "../usage-error.ts";

/** `banger shell` */
export const shell: Run = async ({ given, json }, environment) => {
  if (json) throw new UsageError("a shell has no --json", "banger exec --json NAME -- COMMAND");
  const vm = String(given["vm"]);
  const wishes: ExecWishes = { interactive: true, tty: true, json: false };
  checkTerminal(wishes, environment, `banger exec -i ${vm} -- COMMAND`);
  return execInVm(openDaemon(environment), vm, specOf(LOGIN_SHELL, given), wishes, environment);
};
