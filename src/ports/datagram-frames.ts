/**
 * Datagrams in a stream of bytes: each behind its length, two bytes, the higher first. Pure.
 *
 * What the guest sends is taken apart here: a length says everything there is to say, so that no bytes are wrong, only too few.
 */
const HEAD_BYTES = 2;

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
  #begun: Buffer = Buffer.alloc(0);

  /** The datagrams that are whole by now. */
  take(piece: Uint8Array): readonly Buffer[] {
    let rest = this.#begun.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.length) : Buffer.concat([this.#begun, piece]);
    const whole: Buffer[] = [];
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + rest.readUInt16BE();
      if (rest.length < end) break;
      whole.push(rest.subarray(HEAD_BYTES, end));
      rest = rest.subarray(end);
    }
    // A copy: the piece may be large, and is somebody else's.
    this.#begun = Buffer.from(rest);
    return whole;
  }
}
