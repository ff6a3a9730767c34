/**
 * What may not reach a terminal as it is: controls (C0, C1, DEL), which drive it; format characters, which turn the direction of
 * text or take no width; fillers without ink, separators and tags, which hide text; halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180e\u2065\u3164\uffa0\u{e0000}-\u{e007f}]/gu;

/** Text from a guest or a stranger, made fit for one line of a terminal: what could drive or deceive it becomes `\x1b` or `\u{202e}`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, spell);
}

/** Looked for once in each run of carriage returns: a guest may write millions of them. */
const LINE_END = /(?<!\r)\r+\n/g;

/** The same for text of several lines: newlines and tabs stay, carriage returns before a newline go. */
export function escapeLines(text: string): string {
  return text.replace(LINE_END, "\n").replace(UNSAFE, (found) => (found === "\n" || found === "\t" ? found : spell(found)));
}

/** The same for the running output of a command: a carriage return stays, because progress lines are made of it. */
export function escapeOutput(text: string): string {
  return text.replace(UNSAFE, (found) => ("\n\t\r".includes(found) ? found : spell(found)));
}

function spell(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** A value as JSON that means the same and holds nothing unsafe: `\u202e`. For documents that a terminal may show. */
export function escapeJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  return JSON.stringify(value, replacer).replace(UNSAFE, (found) =>
    [...Array(found.length).keys()].map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
}
