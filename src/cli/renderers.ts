import type { Renderer } from "./copy-output.ts";
import type { Terminal } from "./environment.ts";
import { escapeOutput } from "../contract/escape-text.ts";

const NOTHING = new Uint8Array();

/** For a file or a pipe: every byte as it is. */
export const asBytes: Renderer = { push: (chunk) => chunk, end: () => NOTHING };

/** For a terminal that the command was not given: UTF-8 text with control characters spelled out. */
export function makeEscaping(): Renderer {
  const decoder = new TextDecoder();
  return {
    push: (chunk) => escapeOutput(decoder.decode(chunk, { stream: true })),
    end: () => escapeOutput(decoder.decode()),
  };
}

/** What could drive a terminal is spelled out, and reaches everything else as it is. */
export function rendererFor({ isTerminal }: Terminal): Renderer {
  return isTerminal ? makeEscaping() : asBytes;
}
