import type { OperationEvent } from "../contract/events.ts";
import { escapeText } from "../contract/escape-text.ts";
import { formatBytes, formatMs } from "./format.ts";
import { print } from "./print.ts";

/** Shows what an operation does while it does it. */
export interface Progress extends Disposable {
  tell(event: OperationEvent): void;
}

/** A stage that broke off sooner leaves no line: the error says all of it. */
const WORTH_A_LINE_MS = 500;
const REDRAW_EVERY_MS = 100;

/** Says nothing but what the user should read once. */
export function quietProgress(descriptor: number): Progress {
  return {
    tell: (event) => {
      if (event.type === "notice") print(descriptor, `note: ${escapeText(event.message)}\n`);
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** One line for each stage that ended. */
export function lineProgress(descriptor: number): Progress {
  const quiet = quietProgress(descriptor);
  return {
    tell: (event) => {
      quiet.tell(event);
      if (event.type === "output") print(descriptor, linesOf(event));
      if (event.type === "stage-finished") print(descriptor, finishedLine(event));
      else if (event.type === "stage-failed" && event.elapsedMs >= WORTH_A_LINE_MS) print(descriptor, failedLine(event));
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** The same, and below it one line that is drawn anew while a stage runs. */
export function terminalProgress(descriptor: number, width: number): Progress {
  let stage: Running | undefined;
  let timer: NodeJS.Timeout | undefined;
  const clear = "\r\x1b[K";
  const draw = (): void => {
    if (stage === undefined || performance.now() - stage.startedMs < REDRAW_EVERY_MS) return;
    print(descriptor, `${clear}${runningLine(stage).slice(0, width - 1)}`);
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    if (stage !== undefined) print(descriptor, clear);
    stage = undefined;
  };
  return {
    tell(event) {
      if (event.type === "stage-started") {
        stage = { name: event.stage, startedMs: performance.now(), done: 0, total: undefined, unit: undefined, waitingFor: undefined };
        timer ??= setInterval(draw, REDRAW_EVERY_MS);
      } else if (event.type === "progress" && stage !== undefined) {
        stage = { ...stage, done: event.done, total: event.total, unit: event.unit, waitingFor: event.waitingFor };
      } else if (event.type === "stage-finished") {
        stop();
        print(descriptor, finishedLine(event));
      } else if (event.type === "stage-failed") {
        stop();
        if (event.elapsedMs >= WORTH_A_LINE_MS) print(descriptor, failedLine(event));
      } else if (event.type === "output") {
        print(descriptor, `${stage === undefined ? "" : clear}${linesOf(event)}`);
      } else if (event.type === "notice") {
        print(descriptor, `${stage === undefined ? "" : clear}note: ${escapeText(event.message)}\n`);
      } else if (event.type === "outcome") stop();
    },
    [Symbol.dispose]: stop,
  };
}

interface Running {
  readonly name: string;
  readonly startedMs: number;
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: "bytes" | "items" | undefined;
  readonly waitingFor: string | undefined;
}

function runningLine({ name, startedMs, done, total, unit, waitingFor }: Running): string {
  const elapsedMs = performance.now() - startedMs;
  const start = `${escapeText(name)}  ${formatMs(elapsedMs)}`;
  if (unit === undefined) return start;
  const waiting = waitingFor === undefined ? "" : `: waiting for ${escapeText(waitingFor)}`;
  if (unit === "items") return `${start}  ${done}${total === undefined ? "" : ` of ${total}`}${waiting}`;
  const rate = formatBytes((done / Math.max(elapsedMs, 1)) * 1000);
  return `${start}  ${formatBytes(done)}${total === undefined ? "" : ` of ${formatBytes(total)}`}  ${rate}/s`;
}

function linesOf({ lines }: Extract<OperationEvent, { type: "output" }>): string {
  return lines.map((line) => `  ${escapeText(line)}\n`).join("");
}

function failedLine({ stage, elapsedMs }: Extract<OperationEvent, { type: "stage-failed" }>): string {
  return `${escapeText(stage)}  broke off after ${formatMs(elapsedMs)}\n`;
}

function finishedLine({ stage, elapsedMs, note }: Extract<OperationEvent, { type: "stage-finished" }>): string {
  return `${escapeText(stage)}  ${formatMs(elapsedMs)}${note === undefined ? "" : `  (${escapeText(note)})`}\n`;
}
