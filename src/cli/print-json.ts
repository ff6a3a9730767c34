import { jsonLine } from "../contract/json-line.ts";
import { print } from "./print.ts";

/** Prints one JSON document on a line of its own. */
export function printJson(descriptor: number, document: unknown): void {
  print(descriptor, jsonLine(document));
}
