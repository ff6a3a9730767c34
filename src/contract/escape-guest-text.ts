import { escapeText } from "../contract/escape-text.ts";

const MAX_CHARACTERS = 400;

/** Text of a guest made fit for an error message: what could steer a terminal or hide a word is shown as an escape; cut when long. */
export function escapeGuestText(text: string): string {
  return escapeText(text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}...` : text);
}
