import { escapeJson } from "../contract/escape-text.ts";
import { print } from "./print.ts";

/** Prints one JSON document on a line of its own. */
export function printJson(descriptor: number, document: unknown): void {
  print(descriptor, jsonLine(document));
}

/** The document on a line. What it quotes of a guest can drive a terminal no more than any other text. */
export function jsonLine(document: unknown): string {
  return `${escapeJson(document)}\n`;
}
