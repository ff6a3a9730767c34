/** Kernels and modules made for tests: as small as they can be, right and wrong ones. */
import { zstdCompressSync } from "node:zlib";

/** A 64-bit ELF with one note and the text after it. */
export function makeKernelElf(text: string, note: { readonly name: string; readonly type: number } = { name: "Xen", type: 18 }): Buffer {
  const name = Buffer.from(`${note.name}\0`);
  const segment = Buffer.alloc(12 + Math.ceil(name.length / 4) * 4 + 4);
  segment.writeUInt32LE(name.length, 0);
  segment.writeUInt32LE(4, 4);
  segment.writeUInt32LE(note.type, 8);
  name.copy(segment, 12);
  const header = elfHeader({ segments: 1, segmentsAt: 64, sections: 0, sectionsAt: 0, names: 0 });
  const table = Buffer.alloc(56);
  table.writeUInt32LE(4, 0);
  table.writeBigUInt64LE(120n, 8);
  table.writeBigUInt64LE(BigInt(segment.length), 0x20);
  return Buffer.concat([header, table, segment, Buffer.from(text)]);
}

/** A module with these entries in its `.modinfo`. */
export function makeModule(info: readonly string[]): Buffer {
  const names = Buffer.from("\0.modinfo\0.shstrtab\0");
  const content = Buffer.from(info.map((entry) => `${entry}\0`).join(""));
  const namesAt = 64;
  const contentAt = namesAt + names.length;
  const sectionsAt = contentAt + content.length;
  const section = (name: number, at: number, bytes: number): Buffer => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(at), 0x18);
    entry.writeBigUInt64LE(BigInt(bytes), 0x20);
    return entry;
  };
  const header = elfHeader({ segments: 0, segmentsAt: 0, sections: 3, sectionsAt, names: 2 });
  return Buffer.concat([
    header,
    names,
    content,
    section(0, 0, 0),
    section(1, contentAt, content.length),
    section(10, namesAt, names.length),
  ]);
}

/** A boot image with a kernel in it. @param size what the word after the payload says. */
export function makeBzImage(
  kernel: Uint8Array,
  version: string,
  size = kernel.length,
  packed: Uint8Array = zstdCompressSync(kernel),
): Buffer {
  const setup = Buffer.alloc(2 * 512);
  setup[0x1f1] = 1;
  setup.write("HdrS", 0x202);
  setup.writeUInt16LE(0x020f, 0x206);
  setup.writeUInt16LE(0x100, 0x20e);
  setup.write(`${version} (someone@somewhere) #1\0`, 0x300);
  setup.writeUInt32LE(16, 0x248);
  const word = Buffer.alloc(4);
  word.writeUInt32LE(size);
  const payload = Buffer.concat([packed, word]);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, Buffer.alloc(16, 0x90), payload]);
}

function elfHeader(parts: { segments: number; segmentsAt: number; sections: number; sectionsAt: number; names: number }): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", 0, "latin1");
  header.writeUInt16LE(62, 0x12);
  header.writeBigUInt64LE(BigInt(parts.segmentsAt), 0x20);
  header.writeBigUInt64LE(BigInt(parts.sectionsAt), 0x28);
  header.writeUInt16LE(56, 0x36);
  header.writeUInt16LE(parts.segments, 0x38);
  header.writeUInt16LE(64, 0x3a);
  header.writeUInt16LE(parts.sections, 0x3c);
  header.writeUInt16LE(parts.names, 0x3e);
  return header;
}
