/** A `.minisig` file: one signature, or several one behind the other where several keys have to sign. */
import { parseSignature } from "./minisign.ts";

const LINES = 4;

/** Texts of single signatures. Throws `Error` on what is none. */
export function splitSignatures(text: string): readonly string[] {
  // An empty line is nobody's signature, and whoever joined files by hand may have left one.
  const lines = text.split("\n").filter((line) => line !== "");
  const texts = Array.from({ length: Math.ceil(lines.length / LINES) }, (_, at) => lines.slice(at * LINES, (at + 1) * LINES).join("\n"));
  for (const one of texts) parseSignature(one);
  return texts;
}

/** One more signature, in the place of an older one by the same key. */
export function joinSignatures(texts: readonly string[], added: string): string {
  const { keyId } = parseSignature(added);
  const others = texts.filter((text) => parseSignature(text).keyId !== keyId);
  return [...others, added].map((text) => `${text.trimEnd()}\n`).join("");
}
