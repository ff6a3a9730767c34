import type { Readable, Writable } from "node:stream";

export interface Feeding extends Disposable {
  /** What the stream failed with; undefined while it did not. */
  readonly failure: () => unknown;
}

/**
 * Gives a program what comes from a stream, no faster than it takes it. When the program wants no more, the stream is closed; when the stream
 * fails, the program is told that there is no more. Disposing lets go of both.
 */
export function feedLayer(stream: Readable, stdin: Writable): Feeding {
  let failure: unknown;
  let isOver = false;
  const fail = (error: unknown): void => {
    failure ??= error;
    stdin.destroy();
  };
  stream.once("error", fail);
  stream.once("close", () => {
    if (!isOver && !stream.readableEnded) fail(new Error("it broke off"));
  });
  const end = (): void => {
    isOver = true;
    stream.destroy();
  };
  stdin.once("close", end);
  stream.pipe(stdin);
  return { failure: () => failure, [Symbol.dispose]: end };
}
