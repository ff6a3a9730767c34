import type { Candidate, Offer } from "./decide-completion.ts";
import type { Shell } from "./shell-scripts.ts";

/**
 * An offer as its shell's script reads it: one candidate a line, for zsh and fish with a tab and a few words; `:files` stands for
 * what the shell finds itself. bash takes `=` for the end of a word and replaces only what follows.
 */
export function offerLines(shell: Shell, offer: Offer, names: readonly Candidate[], current: string): readonly string[] {
  if (offer.files === true) return [":files"];
  const before = offer.before ?? "";
  const typed = current.slice(before.length);
  const taken = new Set(offer.taken);
  return [...offer.candidates, ...names]
    .filter(({ value }) => value.startsWith(typed) && !taken.has(value))
    .map(({ value, brief }) => {
      if (shell === "bash") return value;
      return `${before}${value}${brief === undefined ? "" : `\t${brief}`}`;
    });
}

/** The words of a bash line: it parts `--flag=value` into three. */
export function joinBashWords(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const [at, word] of words.entries()) {
    const last = joined.at(-1) ?? "";
    const followsFlag = word === "=" && /^--[a-z-]+$/.test(last);
    const followsEquals = words[at - 1] === "=" && /^--[a-z-]+=$/.test(last);
    if (followsFlag || followsEquals) joined[joined.length - 1] = `${last}${word}`;
    else joined.push(word);
  }
  return joined;
}
