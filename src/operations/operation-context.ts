import type { EventBody } from "../contract/events.ts";
import type { Clock } from "../system/system.ts";
import type { OperationContext, StageContext } from "./operations.ts";

/** Progress of one stage is told at most this often. */
const PROGRESS_EVERY_MS = 100;

/** What the work of an operation is given: its facts become events in `append`. */
export function makeOperationContext(
  operationId: string,
  signal: AbortSignal,
  clock: Clock,
  append: (body: EventBody) => void,
): OperationContext {
  return {
    operationId,
    signal,
    notice: (message) => append({ type: "notice", message }),
    stage: async (stage, body) => {
      signal.throwIfAborted();
      const startedMs = clock.monotonicMs();
      append({ type: "stage-started", stage });
      const context = makeStageContext(stage, clock, append);
      try {
        return await body(context);
      } finally {
        context.flush();
        const elapsedMs = Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
        append({ type: "stage-finished", stage, elapsedMs, ...(context.said === undefined ? {} : { note: context.said }) });
      }
    },
  };
}

interface FlushableStage extends StageContext {
  /** The last note. */
  readonly said: string | undefined;
  /** Tells the last progress when it was held back. */
  flush(): void;
}

function makeStageContext(stage: string, clock: Clock, append: (body: EventBody) => void): FlushableStage {
  let toldMs = Number.NEGATIVE_INFINITY;
  let held: EventBody | undefined;
  let said: string | undefined;
  return {
    get said() {
      return said;
    },
    note: (text) => {
      said = text;
    },
    progress: (done, total, unit) => {
      const body: EventBody = { type: "progress", stage, done, unit, ...(total === undefined ? {} : { total }) };
      const nowMs = clock.monotonicMs();
      if (nowMs - toldMs < PROGRESS_EVERY_MS) {
        held = body;
        return;
      }
      held = undefined;
      toldMs = nowMs;
      append(body);
    },
    flush: () => {
      if (held !== undefined) append(held);
      held = undefined;
    },
  };
}
