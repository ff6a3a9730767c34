import { BangerError } from "../contract/errors.ts";
import { ASKED_TO_STOP, type OperationEvent } from "../contract/events.ts";
import type { CallableName, Client, Output, Request } from "../sdk/sdk.ts";
import type { Environment } from "./environment.ts";
import { codeOfSignal, InterruptedError, INTERRUPTS, type Interrupt } from "./interrupted.ts";
import { print } from "./print.ts";
import { lineProgress, quietProgress, terminalProgress, type Progress } from "./progress.ts";

/**
 * Runs an operation and shows what it does on stderr. Ctrl-C cancels it and waits for its outcome, and so do SIGTERM and a terminal that
 * goes away; a second one leaves at once, and what was begun goes on being cancelled. Throws `InterruptedError` when it was cancelled so.
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
  let asked: Interrupt | undefined;
  const listeners = INTERRUPTS.map((signal) => {
    const interrupt = (): void => {
      if (asked !== undefined || operation === undefined) process.exit(codeOfSignal(signal));
      asked = signal;
      // The outcome arrives with the events; when asking fails, the events tell that as well.
      client.call("operation.cancel", { operation }).catch(() => undefined);
      // A terminal that went away can be told nothing.
      if (signal === "SIGHUP") return;
      print(environment.stderr.descriptor, "\ncancelling; Ctrl-C again leaves it to the daemon\n");
    };
    process.on(signal, interrupt);
    return () => process.off(signal, interrupt);
  });
  const onEvent = (event: OperationEvent): void => {
    // It was said already.
    if (asked !== undefined && event.type === "notice" && event.message === ASKED_TO_STOP) return;
    progress.tell(event);
  };
  try {
    return await client.call(name, request, { onOperation: (id) => (operation = id), onEvent });
  } catch (error) {
    throw asked !== undefined && error instanceof BangerError && error.kind === "cancelled" ? new InterruptedError(error, asked) : error;
  } finally {
    for (const stop of listeners) stop();
  }
}

/** How far it is, on stderr: one line that moves at a terminal, else one for each stage. */
export function makeProgress({ stderr }: Environment, quiet: boolean): Progress {
  if (quiet) return quietProgress(stderr.descriptor);
  return stderr.isTerminal ? terminalProgress(stderr.descriptor, process.stderr.columns ?? 80) : lineProgress(stderr.descriptor);
}
