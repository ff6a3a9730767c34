import type { Candidate, Offer } from "./decide-completion.ts";
import type { Shell } from "./shell-scripts.ts";

/**
 * An offer as its shell's script reads it: one candidate a line, for zsh and fish with a tab and a few words; `:files` stands for
 * what the shell finds itself. A candidate that ends in a colon is no whole word yet.
 */
export function offerLines(shell: Shell, offer: Offer, names: readonly Candidate[], current: string): readonly string[] {
  const { before = "", after = "" } = offer;
  const typed = current.slice(before.length);
  const taken = new Set(offer.taken);
  const lines = [...offer.candidates, ...names]
    .filter(({ value }) => value.startsWith(typed) && !taken.has(value))
    .map(({ value, brief }) => `${before}${value}${after}${shell === "bash" || brief === undefined ? "" : `\t${brief}`}`);
  return offer.files === true ? [...lines, ":files"] : lines;
}
