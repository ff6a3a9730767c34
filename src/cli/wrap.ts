/** Narrower than this a column of words is of no use. */
export const LEAST_WIDTH = 20;

/** Lines of whole words, each as long as fits; a word that does not fit stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** What stands first in a line, and text behind it that goes on below itself. */
export function hang(first: string, text: string, width: number): string {
  const left = width - first.length;
  if (left < LEAST_WIDTH) return `${first}${text}`.trimEnd();
  return wrap(text, left)
    .map((line, at) => `${at === 0 ? first : " ".repeat(first.length)}${line}`.trimEnd())
    .join("\n");
}
