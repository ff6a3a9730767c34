const MAX_CHARACTERS = 400;

/** Control and format characters (zero-width and bidirectional ones among them), line separators, lone surrogates. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text of a guest made fit for an error message: what could steer a terminal or hide a word is shown as an escape; cut when long. */
export function escapeGuestText(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}...` : text;
  return cut.replace(DANGEROUS, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}
