import type { EventBody, OperationEvent } from "../contract/events.ts";
import type { Clock } from "../system/system.ts";
import { makeOperationContext } from "./operation-context.ts";
import type { OperationContext } from "./operations.ts";

/** Does the work of an operation where there is nobody to record it: its events are told, and its output is returned. */
export function runUnrecorded<T>(
  clock: Clock,
  work: (context: OperationContext) => Promise<T>,
  onEvent: (event: OperationEvent) => void,
  signal: AbortSignal,
): Promise<T> {
  let seq = 0;
  const append = (body: EventBody): void => {
    onEvent({ ...body, seq, at: Math.trunc(clock.nowMs()) });
    seq += 1;
  };
  return work(makeOperationContext("unrecorded", signal, clock, { append, about: () => undefined }));
}
