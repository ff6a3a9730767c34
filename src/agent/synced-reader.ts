import { guestGarbled } from "./guest-errors.ts";

/** The JSON of one line may have this many bytes. */
export const MAX_LINE_BYTES = 4096;
/** What may lie before the answer: leftovers of an earlier session are bounded by HTTP/2's windows, so more is a flood. */
export const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Finds `banger-synced <nonce> ...\n` in a stream of anything, without ever asking for a byte behind the newline: those
 * belong to HTTP/2. Ask for `wanted` bytes or fewer, `push` them, until `push` gives the rest of the line.
 */
export class SyncedReader {
  readonly #token: Uint8Array;
  readonly #fallback: readonly number[];
  readonly #line: number[] = [];
  #matched = 0;
  #discarded = 0;

  constructor(nonce: string) {
    this.#token = new TextEncoder().encode(`banger-synced ${nonce} `);
    this.#fallback = fallbackTable(this.#token);
  }

  /** The most bytes that cannot reach behind the newline. At least one. */
  get wanted(): number {
    return this.#isMatched ? 1 : this.#token.length - this.#matched;
  }

  /** The bytes between the nonce and the newline, once they are there. */
  push(bytes: Uint8Array): Uint8Array | undefined {
    for (const byte of bytes) {
      if (!this.#isMatched) this.#match(byte);
      else if (byte === NEWLINE) return Uint8Array.from(this.#line);
      else if (this.#line.push(byte) > MAX_LINE_BYTES) throw guestGarbled(`its answer is longer than ${MAX_LINE_BYTES} bytes`);
    }
    return undefined;
  }

  get #isMatched(): boolean {
    return this.#matched === this.#token.length;
  }

  #match(byte: number): void {
    while (this.#matched > 0 && byte !== this.#token[this.#matched]) this.#matched = this.#fallback[this.#matched - 1] ?? 0;
    if (byte === this.#token[this.#matched]) this.#matched += 1;
    this.#discarded += 1;
    if (this.#discarded > MAX_DISCARDED_BYTES) throw guestGarbled("it sends without end and never answers");
  }
}

/** Knuth, Morris and Pratt's table: how much of the token is still matched when the next byte differs. */
function fallbackTable(token: Uint8Array): readonly number[] {
  const table = [0];
  let length = 0;
  for (let at = 1; at < token.length; at += 1) {
    while (length > 0 && token[at] !== token[length]) length = table[length - 1] ?? 0;
    if (token[at] === token[length]) length += 1;
    table.push(length);
  }
  return table;
}
