import type { CallableName, Client, Output, Request } from "../sdk/sdk.ts";
import type { Environment } from "./environment.ts";
import { print } from "./print.ts";
import { lineProgress, quietProgress, terminalProgress, type Progress } from "./progress.ts";

/** The code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Runs an operation and shows what it does on stderr. Ctrl-C cancels it and waits for its outcome; a second one leaves at
 * once, and what was begun goes on being cancelled.
 */
export async function callLong<Name extends CallableName>(
  client: Client,
  name: Name,
  request: Request<Name>,
  environment: Environment,
  quiet: boolean,
): Promise<Output<Name>> {
  using progress = makeProgress(environment, quiet);
  let operation: string | undefined;
  let hasAsked = false;
  const interrupt = (): void => {
    if (hasAsked || operation === undefined) process.exit(INTERRUPTED);
    hasAsked = true;
    print(environment.stderr.descriptor, "\ncancelling; Ctrl-C again leaves it to the daemon\n");
    // The outcome arrives with the events; when asking fails, the events tell that as well.
    client.call("operation.cancel", { operation }).catch(() => undefined);
  };
  process.on("SIGINT", interrupt);
  try {
    return await client.call(name, request, { onOperation: (id) => (operation = id), onEvent: (event) => progress.tell(event) });
  } finally {
    process.off("SIGINT", interrupt);
  }
}

/** How far it is, on stderr: one line that moves at a terminal, else one for each stage. */
export function makeProgress({ stderr }: Environment, quiet: boolean): Progress {
  if (quiet) return quietProgress(stderr.descriptor);
  return stderr.isTerminal ? terminalProgress(stderr.descriptor, process.stderr.columns ?? 80) : lineProgress(stderr.descriptor);
}
