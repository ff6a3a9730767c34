/**
 * Datagrams in a stream of bytes: each behind its length, two bytes, the higher first. Pure.
 *
 * What the guest sends is taken apart here: a length says everything there is to say, so that no bytes are wrong, only too few.
 */
const HEAD_BYTES = 2;
/** That the length can say. */
const MOST_LENGTH = 65_535;

/** The most that a UDP datagram holds over IPv4. */
export const MOST_DATAGRAM_BYTES = 65_507;

export function frameDatagram(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + bytes.length);
  frame.writeUInt16BE(bytes.length);
  frame.set(bytes, HEAD_BYTES);
  return frame;
}

/** Takes pieces as they come, cut anywhere; keeps at most one datagram that has begun. */
export class DatagramReader {
  /** Of the datagram that has begun, its length before it. It is filled in place, however small the pieces are that come. */
  readonly #begun = Buffer.allocUnsafe(HEAD_BYTES + MOST_LENGTH);
  #filled = 0;

  /** The datagrams that are whole by now. */
  take(piece: Uint8Array): readonly Buffer[] {
    const whole: Buffer[] = [];
    for (let at = 0; at < piece.length;) {
      const wanted = (this.#filled < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + this.#begun.readUInt16BE()) - this.#filled;
      const taken = piece.subarray(at, at + wanted);
      this.#begun.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled < HEAD_BYTES || this.#filled < HEAD_BYTES + this.#begun.readUInt16BE()) continue;
      whole.push(Buffer.from(this.#begun.subarray(HEAD_BYTES, this.#filled)));
      this.#filled = 0;
    }
    return whole;
  }
}
