const MAX_CHARACTERS = 400;

/** C0, DEL and C1; line and paragraph separators; zero-width and bidirectional controls; lone surrogates. */
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

/** Text of a guest made fit for an error message: what could steer a terminal or hide a word is shown as an escape; cut when long. */
export function escapeGuestText(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}...` : text;
  return cut.replace(DANGEROUS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
