/** What JSON lets stand in a string, and a terminal acts on or does not show: DEL, C1 controls, marks of direction, what has no width. */
const SHOWS_WRONG = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;

/** One line of JSON, the newline too, with nothing in it that a terminal would not show as it is. It parses to the same value. */
export function jsonLine(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  const text = JSON.stringify(value, replacer).replace(SHOWS_WRONG, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
  return `${text}\n`;
}
