import type { EventBody } from "../contract/events.ts";
import type { Clock } from "../system/system.ts";
import type { OperationContext, StageContext } from "./operations.ts";

/** Progress of one stage is told at most this often. */
const PROGRESS_EVERY_MS = 100;

/** Of all that an operation's programs print: it is kept with the operation. */
const OUTPUT_MAX_CHARACTERS = 4 * 2 ** 20;

/** Where the facts of an operation go. */
export interface Telling {
  append(body: EventBody): void;
  about(subject: string): void;
}

/** What the work of an operation is given: its facts become events. */
export function makeOperationContext(operationId: string, signal: AbortSignal, clock: Clock, telling: Telling): OperationContext {
  const append = (body: EventBody): void => telling.append(body);
  let printed = 0;
  return {
    operationId,
    signal,
    about: (subject) => telling.about(subject),
    notice: (message) => append({ type: "notice", message }),
    output: (lines) => {
      if (printed > OUTPUT_MAX_CHARACTERS || lines.length === 0) return;
      printed += lines.reduce((sum, line) => sum + line.length + 1, 0);
      append(
        printed > OUTPUT_MAX_CHARACTERS
          ? { type: "notice", message: "it prints more than is kept; the rest is left out" }
          : { type: "output", lines },
      );
    },
    stage: async (stage, body) => {
      signal.throwIfAborted();
      const startedMs = clock.monotonicMs();
      append({ type: "stage-started", stage });
      const context = makeStageContext(stage, clock, append);
      const elapsedMs = (): number => Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
      try {
        const result = await body(context);
        context.flush();
        append({ type: "stage-finished", stage, elapsedMs: elapsedMs(), ...(context.said === undefined ? {} : { note: context.said }) });
        return result;
      } catch (error) {
        context.flush();
        append({ type: "stage-failed", stage, elapsedMs: elapsedMs() });
        throw error;
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
    progress: (done, total, unit, waitingFor) => {
      const body: EventBody = {
        type: "progress",
        stage,
        done,
        unit,
        ...(total === undefined ? {} : { total }),
        ...(waitingFor === undefined ? {} : { waitingFor }),
      };
      const nowMs = clock.monotonicMs();
      if (waitingFor === undefined && nowMs - toldMs < PROGRESS_EVERY_MS) {
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
