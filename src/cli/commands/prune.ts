import { BangerError, EXIT } from "../../contract/errors.ts";
import type { Output, Request } from "../../sdk/sdk.ts";
import { ask } from "../ask.ts";
import { callLong } from "../call-long.ts";
import type { Invocation, Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { formatBytes } from "../format.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { showPruned } from "../show/storage.ts";

/** `banger system prune`: shows what would go, asks, and removes that. */
export const systemPrune: Run = (invocation, environment) => {
  const { yes: _yes, dryRun: _dryRun, ...request } = invocation.given as Request<"system.prune"> & Asked;
  const client = openDaemon(environment);
  return prune("system", invocation, environment, (step, quiet) =>
    callLong(client, "system.prune", { ...request, ...step }, environment, quiet),
  );
};

/** `banger image prune`: the same of images. */
export const imagePrune: Run = (invocation, environment) => {
  const { yes: _yes, dryRun: _dryRun, ...request } = invocation.given as Request<"image.prune"> & Asked;
  const client = openDaemon(environment);
  return prune("image", invocation, environment, (step, quiet) =>
    callLong(client, "image.prune", { ...request, ...step }, environment, quiet),
  );
};

interface Asked {
  readonly yes?: boolean;
}

/** A dry run, or the removal of what a dry run that looked at that time has shown. */
type Step = { readonly dryRun: true } | { readonly before: number };

async function prune(
  noun: "system" | "image",
  { given, json }: Invocation,
  environment: Environment,
  call: (step: Step, quiet: boolean) => Promise<Output<"system.prune">>,
): Promise<number> {
  const { yes, dryRun } = given as Asked & { readonly dryRun?: boolean };
  const { stdin, stdout, stderr } = environment;
  const say = async (report: Output<"system.prune">): Promise<number> => {
    print(stdout.descriptor, json ? jsonLine(report) : await showPruned(report));
    return EXIT.done;
  };
  const looked = await call({ dryRun: true }, true);
  const isOver = dryRun === true || looked.items.length === 0;
  if (isOver || yes !== true) {
    if (isOver || !json) await say(looked);
    if (isOver) return EXIT.done;
    if (json || !stdin.isTerminal || !stderr.isTerminal) {
      throw new BangerError("refused", "prune_unconfirmed", "cannot remove anything: nobody was asked whether it may go", {
        hint: `banger ${noun} prune --yes, or --dry-run to see it only`,
      });
    }
    if (!(await ask(`remove these, ${formatBytes(looked.usedBytes)}?`, environment))) {
      print(stderr.descriptor, "nothing was removed\n");
      return EXIT.failed;
    }
  }
  // Nothing that was used since it was shown.
  return say(await call({ before: looked.at }, json));
}
