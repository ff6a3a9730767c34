/**
 * The digest of a file's content: a sha256 that costs nothing for what is zero. It goes over each block that is not all zero, in
 * order, as `offset: u64 | length: u32 | bytes`, and then over `size: u64 | 0: u32`. So a file has the same digest whether its
 * zeros are holes or not, and a hole need not be read.
 */
import { createHash, type Hash } from "node:crypto";
import { fstatSync, read } from "node:fs";
import { BLOCK_BYTES, CHUNK_BYTES } from "../../contract/copy-frames.ts";
import { LeftOut } from "./copy-errors.ts";
import { findData } from "./descriptors.ts";

const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** At most one block. */
export function isZero(block: Uint8Array): boolean {
  return Buffer.compare(block, block.length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, block.length)) === 0;
}

export class Content {
  readonly #hash: Hash = createHash("sha256");

  /** Blocks that lie side by side; whole ones, but for the file's last. */
  add(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES);
      if (!isZero(block)) this.#hash.update(headOf(offset + at, block.length)).update(block);
    }
  }

  /** The digest, if the content ends here. */
  digestAt(size: number): Uint8Array {
    return this.#hash.copy().update(headOf(size, 0)).digest();
  }
}

function headOf(place: number, length: number): Uint8Array {
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(place));
  head.writeUInt32BE(length, 8);
  return head;
}

export interface Piece {
  readonly offset: number;
  /** Of use until the next piece is asked for. */
  readonly bytes: Buffer;
}

/**
 * Reads the data of an open file from a block's beginning to `end` and leaves out its holes: whole blocks, but for the file's
 * last, at most `CHUNK_BYTES` at once. Throws `LeftOut` when the file ends before `end`.
 */
export async function* readPieces(descriptor: number, from: number, end: number): AsyncGenerator<Piece> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let runEnd = from;
  for (let at = from; at < end;) {
    if (at >= runEnd) {
      const run = findRun(descriptor, at, end);
      if (run === undefined) {
        if (fstatSync(descriptor).size < end) throw changed();
        return;
      }
      at = run.start - (run.start % BLOCK_BYTES);
      runEnd = run.end;
      if (at >= end) return;
    }
    const length = Math.min(CHUNK_BYTES, end - at);
    for (let filled = 0; filled < length;) {
      const count = await readAt(descriptor, buffer, filled, length - filled, at + filled);
      if (count === 0) throw changed();
      filled += count;
    }
    yield { offset: at, bytes: buffer.subarray(0, length) };
    at += length;
  }
}

function findRun(descriptor: number, at: number, end: number): { readonly start: number; readonly end: number } | undefined {
  try {
    return findData(descriptor, at);
  } catch {
    // A file system that knows no holes.
    return { start: at, end };
  }
}

export async function readContent(descriptor: number, end: number): Promise<Content> {
  const content = new Content();
  for await (const { offset, bytes } of readPieces(descriptor, 0, end)) content.add(offset, bytes);
  return content;
}

export function changed(): LeftOut {
  return new LeftOut("changed", "it changed while it was read");
}

export function readAt(descriptor: number, buffer: Buffer, at: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, buffer, at, length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
