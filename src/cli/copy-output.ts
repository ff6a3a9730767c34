import type { Readable, Writable } from "node:stream";
import { escapeOutput } from "./escape-text.ts";

/** The code of a program that a broken pipe ended. */
const BROKEN_PIPE = 141;

/**
 * Copies a command's output to ours, at the pace of our reader. A file or a pipe gets the bytes as they are; where `escape` is
 * set, because a terminal would act on them, it gets UTF-8 text with control characters spelled out.
 */
export async function copyOutput(from: Readable, to: Writable, escape: boolean): Promise<void> {
  const decoder = new TextDecoder();
  const onError = (): never => process.exit(BROKEN_PIPE);
  to.once("error", onError);
  for await (const chunk of from as AsyncIterable<Uint8Array>) {
    await writeTo(to, escape ? escapeOutput(decoder.decode(chunk, { stream: true })) : chunk);
  }
  if (escape) await writeTo(to, escapeOutput(decoder.decode()));
  to.off("error", onError);
}

/** Writes all of it; resolves when it was taken. */
export function writeTo(to: Writable, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => to.write(bytes, (error) => (error instanceof Error ? reject(error) : resolve())));
}
