/**
 * The few stanzas of a long control file that speak of something. An index has a million lines, all but some twenty of them about
 * other packages: those are passed over as text, in a fiftieth of the time that taking them apart takes.
 */
import { setImmediate } from "node:timers/promises";

const BETWEEN = "\n\n";
const STANZA_MAX_CHARACTERS = 2 ** 20;
/** Takes a millisecond or so; others are served in between, however fast the bytes come. */
const PIECE_BYTES = 2 ** 20;

/**
 * Texts of one stanza or more, in order: each that has `word` anywhere, and the first whatever it has, so that somebody looks whether
 * this is a control file at all. Throws `Error` on a stanza above 1 Mi characters.
 */
export async function* searchStanzas(parts: AsyncIterable<Uint8Array>, word: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let isFirst = true;
  let sinceRest = 0;
  for await (const part of parts) {
    const text = rest + decoder.decode(part, { stream: true });
    const end = text.lastIndexOf(BETWEEN);
    rest = text.slice(end + 1);
    if (rest.length > STANZA_MAX_CHARACTERS) throw new Error("a stanza has no end");
    if (end >= 0) {
      yield* withWord(text.slice(0, end), word, isFirst);
      isFirst = false;
    }
    sinceRest += part.length;
    if (sinceRest < PIECE_BYTES) continue;
    sinceRest = 0;
    await setImmediate();
  }
  yield* withWord(rest + decoder.decode(), word, isFirst);
}

/** Of whole stanzas. */
function* withWord(text: string, word: string, isFirst: boolean): Generator<string> {
  for (let at = isFirst ? 0 : text.indexOf(word); at >= 0;) {
    const start = text.lastIndexOf(BETWEEN, at) + 1;
    const next = text.indexOf(BETWEEN, at);
    const end = next < 0 ? text.length : next;
    yield text.slice(start, end);
    at = text.indexOf(word, end);
  }
}
