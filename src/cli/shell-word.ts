/** A word as it can be typed into a shell, quoted where it has to be. */
export function shellWord(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : quote(word);
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
