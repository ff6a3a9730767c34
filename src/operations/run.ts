import { BangerError, toErrorShape, type ErrorShape } from "../contract/errors.ts";
import type { Clock, Log } from "../system/system.ts";
import type { EventLog } from "./event-log.ts";
import { makeOperationContext } from "./operation-context.ts";
import type { OperationContext } from "./operations.ts";

export interface RunParts {
  readonly operationId: string;
  readonly signal: AbortSignal;
  readonly events: EventLog;
  /** Records what the operation is about. */
  readonly about: (subject: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Does the work and records its one outcome. Never rejects. */
export async function run(parts: RunParts, work: (context: OperationContext) => Promise<unknown>): Promise<void> {
  const { operationId, signal, events, about, clock, log } = parts;
  const context = makeOperationContext(operationId, signal, clock, { append: (body) => events.append(body), about });
  const endedAt = (): number => Math.trunc(clock.nowMs());
  try {
    const output = (await work(context)) ?? null;
    await events.end({ type: "outcome", ok: true, output }, { state: "done", endedAt: endedAt(), error: undefined });
  } catch (thrown) {
    const error = signal.aborted ? cancelled(signal, thrown) : toErrorShape(thrown);
    if (error.kind === "bug" || (signal.aborted && !isAbort(thrown))) log.error("an operation failed", { operationId, error: thrown });
    const state = signal.aborted ? "cancelled" : "failed";
    await events.end({ type: "outcome", ok: false, error }, { state, endedAt: endedAt(), error });
  }
}

/** Who was cancelled and failed while tidying up is cancelled all the same; what failed goes along. */
function cancelled(signal: AbortSignal, thrown: unknown): ErrorShape {
  const reason = toErrorShape(signal.reason);
  return isAbort(thrown) ? reason : { ...reason, data: { while: toErrorShape(thrown) } };
}

function isAbort(thrown: unknown): boolean {
  if (thrown instanceof BangerError) return thrown.kind === "cancelled";
  return thrown instanceof Error && thrown.name === "AbortError";
}
