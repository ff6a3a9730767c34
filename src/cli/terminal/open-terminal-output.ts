import type { ReadStream, WriteStream } from "node:tty";
import type { Renderer } from "../copy-output.ts";
import { print } from "../print.ts";
import { takeAnswers } from "./take-answers.ts";
import { TerminalFilter } from "./terminal-filter.ts";

/** A terminal that has not answered by then will not. */
const ANSWERS_WITHIN_MS = 2000;

export interface TerminalOutput extends Renderer, Disposable {
  /** To be awaited after the last output: takes the answers to questions that nobody waits for any more. */
  settle(): Promise<void>;
}

interface Streams {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
}

/**
 * Our terminal for a command of a guest that was given one.
 * @param descriptor of `stdout`.
 * @param interactive whether the guest gets what is typed, and so what the terminal answers.
 */
export function openTerminalOutput({ stdin, stdout }: Streams, descriptor: number, interactive: boolean): TerminalOutput {
  const filter = new TerminalFilter(interactive);
  let asked = 0;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let isOver = false;
  // Whichever way the command line ends, the shell after it does not inherit what the guest has left on.
  const putBack = (): Buffer => {
    if (isOver) return Buffer.alloc(0);
    isOver = true;
    process.off("exit", onExit);
    return filter.end();
  };
  const onExit = (): void => {
    print(descriptor, putBack().toString());
  };
  process.on("exit", onExit);
  return {
    push: (chunk) => {
      const passed = filter.push(chunk);
      if (filter.asked > asked) [asked, askedAtMs] = [filter.asked, performance.now()];
      return passed;
    },
    end: putBack,
    settle: async () => {
      if (performance.now() - askedAtMs > ANSWERS_WITHIN_MS) return;
      stdin.unpipe();
      await takeAnswers(stdin, stdout);
    },
    [Symbol.dispose]: onExit,
  };
}
