import { BangerError } from "../../contract/errors.ts";
import { attachConsole } from "../attach-console.ts";
import type { Run } from "../command.ts";
import { DEFAULT_DETACH_KEYS, parseDetachKeys, wordDetachKeys } from "../detach-keys.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { UsageError } from "../usage-error.ts";

/** `banger console` */
export const console: Run = async ({ given, json }, environment) => {
  if (json) throw new UsageError("a console has no --json", `banger logs --json -f ${String(given["vm"])}`);
  const { stdin, stderr } = environment;
  const vm = String(given["vm"]);
  const keys = String(given["detachKeys"] ?? DEFAULT_DETACH_KEYS);
  const isReadOnly = given["input"] === false || !stdin.isTerminal;
  const wishes = { keys: parseDetachKeys(keys), isReadOnly, from: given["offset"] as number | undefined };
  if (wishes.from !== undefined && wishes.from < 0) throw new UsageError("--offset takes a number from 0 on");
  const leave = stdin.isTerminal ? `${wordDetachKeys(keys)}${isReadOnly ? " or Ctrl-C" : ""}` : "Ctrl-C";
  const onAttached = (): void =>
    print(stderr.descriptor, `attached to the console of vm ${escapeText(vm)}${isReadOnly ? ", to read along" : ""}; ${leave} leaves it\n`);
  const why = await attachConsole(openDaemon(environment), vm, wishes, environment, onAttached);
  print(
    stderr.descriptor,
    why === "detached"
      ? `\ndetached from the console of vm ${escapeText(vm)}\n`
      : `\nvm ${escapeText(vm)} is ${why}: its console ends here\n`,
  );
  if (why === "detached" || why === "stopped" || why === "deleted") return 0;
  throw new BangerError("unavailable", "vm_ended", `vm ${vm} is ${why}`, { hint: `banger vm show ${vm}` });
};
