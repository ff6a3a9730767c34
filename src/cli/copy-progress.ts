import type { CopyCounts } from "../contract/copy-messages.ts";
import { formatBytes } from "./format.ts";
import { print } from "./print.ts";

/** What passes in less is no news. */
const WORTH_A_LINE_MS = 500;
const REDRAW_EVERY_MS = 100;
const CLEAR = "\r\x1b[K";

/** Shows how far a copy is: one line on a terminal, drawn anew; elsewhere nothing. */
export interface CopyProgress extends Disposable {
  tell(counts: CopyCounts): void;
  /** A line of its own, above the one that is drawn anew. */
  say(line: string): void;
}

export function makeCopyProgress(descriptor: number, isDrawn: boolean): CopyProgress {
  const startedMs = performance.now();
  let latest: CopyCounts | undefined;
  let hasDrawn = false;
  const draw = (): void => {
    const elapsedMs = performance.now() - startedMs;
    if (latest === undefined || elapsedMs < WORTH_A_LINE_MS) return;
    hasDrawn = true;
    print(descriptor, `${CLEAR}${progressLine(latest, elapsedMs)}`);
  };
  const timer = isDrawn ? setInterval(draw, REDRAW_EVERY_MS) : undefined;
  return {
    tell: (counts) => (latest = { ...counts }),
    say: (line) => print(descriptor, `${hasDrawn ? CLEAR : ""}${line}\n`),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (hasDrawn) print(descriptor, CLEAR);
    },
  };
}

function progressLine({ files, bytes }: CopyCounts, elapsedMs: number): string {
  return `${files === 1 ? "1 file" : `${files} files`}  ${formatBytes(bytes)}  ${formatBytes((bytes / elapsedMs) * 1000)}/s`;
}
