import { BangerError } from "../../contract/errors.ts";
import { attachConsole } from "../attach-console.ts";
import type { Run } from "../command.ts";
import { DEFAULT_DETACH_KEYS, parseDetachKeys, wordDetachKeys } from "../detach-keys.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { UsageError } from "../usage-error.ts";

/** The ends that somebody wanted. */
const ASKED_FOR: ReadonlySet<string> = new Set(["stopped", "deleting", "deleted"]);

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
  const end = await attachConsole(openDaemon(environment), vm, wishes, environment, onAttached);
  if (end === "detached") print(stderr.descriptor, `\ndetached from the console of vm ${escapeText(vm)}\n`);
  else if (ASKED_FOR.has(end.ended)) print(stderr.descriptor, `\nvm ${escapeText(end.name)} is ${end.ended}: its console ends here\n`);
  else {
    print(stderr.descriptor, "\n");
    throw new BangerError("unavailable", "vm_ended", `vm ${end.name} is ${end.ended}: its console ends here`, {
      hint: `banger vm show ${end.name}`,
    });
  }
  return 0;
};
