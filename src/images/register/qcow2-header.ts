/**
 * The header of a qcow2, and whether all of its content is in itself. Another file that it names would be opened by whoever reads it, with our
 * rights: so this is known before any other program sees it.
 */
export const QCOW2_HEADER_BYTES = 4096;

export interface Qcow2 {
  /** Of the disk in it. */
  readonly bytes: number;
}

/** Compression of its own, and long tables; neither names anything. */
const KNOWN_FEATURES = 0x8n | 0x10n;
const DIRTY = 0x1n;
const CORRUPT = 0x2n;
const EXTERNAL = 0x4n;
const EXTENSION_END = 0;
const EXTENSION_DATA_FILE = 0x4441_5441;
const MOST_EXTENSIONS = 32;

export function isQcow2(head: Buffer): boolean {
  return head.length >= 8 && head.toString("latin1", 0, 4) === "QFI\xfb";
}

/**
 * A text says why it is none that is taken; goes on after the name of the thing.
 * @param head the first `QCOW2_HEADER_BYTES`, or fewer where that is all.
 */
export function readQcow2Header(head: Buffer): Qcow2 | string {
  if (head.length < 104) return "is cut short";
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) return `is a qcow of version ${version}, not 2 or 3`;
  if (head.readBigUInt64BE(8) !== 0n || head.readUInt32BE(16) !== 0) return "has a backing file: what is missing in it stands elsewhere";
  if (head.readUInt32BE(32) !== 0) return "is encrypted";
  const features = version === 2 ? 0n : head.readBigUInt64BE(72);
  if ((features & EXTERNAL) !== 0n) return "has its data in another file";
  if ((features & CORRUPT) !== 0n) return "is marked as damaged";
  if ((features & DIRTY) !== 0n) return "was not closed";
  if ((features & ~KNOWN_FEATURES) !== 0n) return `wants features that are not known: 0x${features.toString(16)}`;
  const lengthOfHeader = version === 2 ? 72 : head.readUInt32BE(100);
  const trouble = lookAtExtensions(head, lengthOfHeader);
  if (trouble !== undefined) return trouble;
  const bytes = Number(head.readBigUInt64BE(24));
  return Number.isSafeInteger(bytes) && bytes > 0 ? { bytes } : `says that its disk has ${bytes} bytes`;
}

function lookAtExtensions(head: Buffer, begin: number): string | undefined {
  if (begin < 72 || begin % 8 !== 0) return "has a header of an odd length";
  let at = begin;
  for (let count = 0; count < MOST_EXTENSIONS; count += 1) {
    if (at + 8 > head.length) return "has a header without an end";
    const type = head.readUInt32BE(at);
    if (type === EXTENSION_END) return undefined;
    if (type === EXTENSION_DATA_FILE) return "names another file for its data";
    at += 8 + Math.ceil(head.readUInt32BE(at + 4) / 8) * 8;
  }
  return "has a header without an end";
}
