/** Reads an archive by numbers of bytes instead of as it comes. */
import { paddingOf } from "../unpack/tar-header.ts";

export class ByteReader {
  readonly #parts: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(parts: AsyncIterable<Uint8Array>) {
    this.#parts = parts[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes, in parts. Throws `Error` when the stream ends before. */
  async *read(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#next())) throw new Error("it ends too early");
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async take(bytes: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of this.read(bytes)) parts.push(part);
    return Buffer.concat(parts, bytes);
  }

  /** What fills the last block of so many bytes of an archive. Throws `Error` when there is something in it. */
  async takePadding(bytes: number): Promise<void> {
    requireZeros(await this.take(paddingOf(bytes).length));
  }

  /** Nothing but zeros, to the end. Throws `Error` when there is something else. */
  async takeEnd(): Promise<void> {
    for await (const part of this.#toEnd()) requireZeros(part);
  }

  async *#toEnd(): AsyncGenerator<Uint8Array> {
    while (this.#rest.length > 0 || (await this.#next())) {
      const part = this.#rest;
      this.#rest = new Uint8Array();
      yield part;
    }
  }

  /** Ends the stream where it is. */
  async close(): Promise<void> {
    await this.#parts.return?.();
  }

  async #next(): Promise<boolean> {
    const next = await this.#parts.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    return true;
  }
}

function requireZeros(part: Uint8Array): void {
  if (part.some((byte) => byte !== 0)) throw new Error("there is something between its files");
}
