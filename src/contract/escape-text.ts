/**
 * What may not reach a terminal as it is: C0 and C1 controls and DEL, which drive it; marks that turn the direction of text;
 * characters of no width or of no ink, separators and tags that hide text; halves of surrogate pairs.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /[\u034f\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

/** Text from a guest or a stranger, made fit for one line of a terminal: what could drive or deceive it becomes `\x1b` or `\u{202e}`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, spell);
}

/** The same for text of several lines: newlines and tabs stay, a carriage return before a newline goes. */
export function escapeLines(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSAFE, (found) => (found === "\n" || found === "\t" ? found : spell(found)));
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
