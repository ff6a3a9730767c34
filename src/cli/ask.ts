import type { Environment } from "./environment.ts";
import { print } from "./print.ts";

/** Asks a yes or no question at the terminal; whatever is not a yes is a no. */
export async function ask(question: string, { stderr }: Environment): Promise<boolean> {
  print(stderr.descriptor, `${question} [y/N] `);
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    process.stdin.destroy();
    return /^y(?:es)?\r?\n?$/i.test(Buffer.from(chunk).toString("utf8"));
  }
  return false;
}
