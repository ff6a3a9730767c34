import type { ReadStream, WriteStream } from "node:tty";

/** Asks a terminal what it is; terminals answer in the order in which they are asked. */
const LAST_QUESTION = "\u001b[c";
// oxlint-disable-next-line no-control-regex -- answers begin with one
const LAST_ANSWER = /\u001b\[\?[0-9;]*c/;
const DEADLINE_MS = 500;
/** The guest may have asked the same, and its answer is then before ours. */
const QUIET_MS = 50;

/**
 * Reads and drops what the terminal still answers to a guest that is gone: the shell after us would take it for typed. The terminal
 * is raw, and nobody else reads it.
 */
export async function takeAnswers(stdin: ReadStream, stdout: WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = setTimeout(resolve, DEADLINE_MS);
  let quiet: NodeJS.Timeout | undefined;
  let seen = "";
  const onData = (bytes: Uint8Array): void => {
    seen = `${seen}${Buffer.from(bytes).toString("latin1")}`.slice(-256);
    if (!LAST_ANSWER.test(seen)) return;
    clearTimeout(quiet);
    quiet = setTimeout(resolve, QUIET_MS);
  };
  stdin.on("data", onData).resume();
  stdout.write(LAST_QUESTION);
  await promise;
  clearTimeout(deadline);
  clearTimeout(quiet);
  stdin.off("data", onData).pause();
}
