/** An operation's context that remembers what it was told. */
import type { OperationContext } from "../../src/operations/operations.ts";

export interface RecordingContext extends OperationContext {
  readonly stages: string[];
  readonly progress: { stage: string; done: number; total: number | undefined; unit: "bytes" | "items" }[];
  readonly notices: string[];
}

export function recordingContext(signal: AbortSignal = new AbortController().signal): RecordingContext {
  const context: RecordingContext = {
    operationId: "test",
    signal,
    stages: [],
    progress: [],
    notices: [],
    output: () => undefined,
    about: () => undefined,
    notice: (message) => {
      context.notices.push(message);
    },
    stage: (stage, body) => {
      context.stages.push(stage);
      return body({ progress: (done, total, unit) => void context.progress.push({ stage, done, total, unit }), note: () => undefined });
    },
  };
  return context;
}
