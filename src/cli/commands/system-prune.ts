import { BangerError, EXIT } from "../../contract/errors.ts";
import type { Output, Request } from "../../sdk/sdk.ts";
import { ask } from "../ask.ts";
import { callLong } from "../call-long.ts";
import type { Run } from "../command.ts";
import { formatBytes } from "../format.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { showPruned } from "../show/storage.ts";

/** `banger system prune`: shows what would go, asks, and removes that. */
export const systemPrune: Run = async ({ given, json }, environment) => {
  const { yes, dryRun, ...request } = given as Request<"system.prune"> & { readonly yes?: boolean };
  const { stdin, stdout, stderr } = environment;
  const say = async (report: Output<"system.prune">): Promise<number> => {
    print(stdout.descriptor, json ? jsonLine(report) : await showPruned(report));
    return EXIT.done;
  };
  const client = openDaemon(environment);
  const looked = await callLong(client, "system.prune", { ...request, dryRun: true }, environment, true);
  const isOver = dryRun === true || looked.items.length === 0;
  if (isOver || yes !== true) {
    if (isOver || !json) await say(looked);
    if (isOver) return EXIT.done;
    if (json || !stdin.isTerminal || !stderr.isTerminal) {
      throw new BangerError("refused", "prune_unconfirmed", "cannot remove anything: nobody was asked whether it may go", {
        hint: "banger system prune --yes, or --dry-run to see it only",
      });
    }
    if (!(await ask(`remove these, ${formatBytes(looked.usedBytes)}?`, environment))) {
      print(stderr.descriptor, "nothing was removed\n");
      return EXIT.failed;
    }
  }
  // Nothing that was used since it was shown.
  return say(await callLong(client, "system.prune", { ...request, before: looked.at }, environment, json));
};
