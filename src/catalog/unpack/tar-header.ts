/** One header block of a tar archive, as ustar and GNU tar write it. */

export const TAR_BLOCK_BYTES = 512;

/** What its eleven octal digits can say. */
export const TAR_MAX_BYTES = 8 * 2 ** 30 - 1;

export interface TarHeader {
  readonly name: string;
  readonly bytes: number;
  /** The type flag: `0` a file, `5` a folder, `L` a long name. */
  readonly type: string;
}

/** Throws `Error` on a damaged header, or one of a kind that is not read here. */
export function parseTarHeader(block: Uint8Array): TarHeader {
  if (block.length !== TAR_BLOCK_BYTES || octal(block, 148, 8) !== checksum(block)) throw new Error("the archive has a damaged header");
  const magic = text(block, 257, 8, "raw");
  if (magic !== "ustar\u000000" && magic !== "ustar  \0") throw new Error("the archive has a header of an unknown kind");
  // In GNU's form the place of the prefix has other things.
  const prefix = magic === "ustar\u000000" ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  return { name: prefix === "" ? name : `${prefix}/${name}`, bytes: octal(block, 124, 12), type: String.fromCharCode(block[156] ?? 0) };
}

/** The sum of all bytes, those of the checksum itself counted as spaces. */
function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

function octal(block: Uint8Array, start: number, length: number): number {
  const match = /^ *([0-7]+)[ \0]*$/.exec(text(block, start, length, "raw"));
  const value = Number.parseInt(match?.[1] ?? "", 8);
  // Other forms (base 256) are for files of more than 8 GiB.
  if (!Number.isSafeInteger(value)) throw new Error("the archive has a number that is not one");
  return value;
}

function text(block: Uint8Array, start: number, length: number, how: "raw" | "to zero" = "to zero"): string {
  const field = block.subarray(start, start + length);
  if (how === "raw") return Buffer.from(field).toString("latin1");
  const end = field.indexOf(0);
  // Another reader could take it for a part of the name.
  if (end >= 0 && field.subarray(end).some((byte) => byte !== 0)) throw new Error("the archive has a name with something behind its end");
  return new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? field : field.subarray(0, end));
}

/** Of an entry that belongs to nobody and is of no time: the same files make the same archive. @param name of at most 100 bytes. */
export function makeTarHeader(name: string, bytes: number, type: string): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  header.write(Buffer.from(name).subarray(0, 100).toString("latin1"), 0, "latin1");
  header.write("0000644\u00000000000\u00000000000\0", 100);
  header.write(`${bytes.toString(8).padStart(11, "0")}\u000000000000000\0`, 124);
  header.write(type, 156);
  header.write("ustar  \0", 257);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Zeros that fill an entry's last block. */
export function paddingOf(bytes: number): Buffer {
  return Buffer.alloc((TAR_BLOCK_BYTES - (bytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
}
