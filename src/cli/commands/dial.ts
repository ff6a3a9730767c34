import type { Run } from "../command.ts";
import { joinStdio } from "../join-stdio.ts";
import { openDaemon } from "../open-daemon.ts";
import { UsageError } from "../usage-error.ts";

/** `banger vm dial` */
export const dial: Run = async ({ given, json }, environment) => {
  if (json) throw new UsageError("a connection has no --json", `banger vm ports ${String(given["vm"])} --json`);
  await joinStdio(await openDaemon(environment).dial(String(given["vm"]), Number(given["port"])), environment);
  return 0;
};
