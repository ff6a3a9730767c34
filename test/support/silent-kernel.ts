/** A kernel that says one line on the serial port and then nothing ever: the guest whose agent never answers. */

const LOAD_ADDRESS = 0x10_0000;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const CODE_OFFSET = HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES + 20;
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

/** 32-bit code, as PVH enters a kernel; `esi` gets the address of the text behind it. */
const CODE = (textAddress: number): readonly number[] => [
  ...[0xbe, textAddress & 0xff, (textAddress >> 8) & 0xff, (textAddress >> 16) & 0xff, textAddress >>> 24], // mov esi, text
  ...[0x66, 0xba, 0xf8, 0x03], // mov  dx, 0x3f8
  ...[0xac], //           next: lodsb
  ...[0x84, 0xc0], //           test al, al
  ...[0x74, 0x03], //           jz   stop
  ...[0xee], //                 out  dx, al
  ...[0xeb, 0xf8], //           jmp  next
  ...[0xf4], //           stop: hlt
  ...[0xeb, 0xfd], //           jmp  stop
];

/** A 64-bit ELF with one segment of code, and the note by which PVH finds its entry. */
export function makeSilentKernel(text: string): Uint8Array {
  const entry = LOAD_ADDRESS + CODE_OFFSET;
  const code = Buffer.from(CODE(entry + CODE(0).length));
  const content = Buffer.concat([Buffer.alloc(CODE_OFFSET), code, Buffer.from(`${text}\0`)]);
  content.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64 bits, little-endian, version
  content.writeUInt16LE(2, 16); // an executable
  content.writeUInt16LE(62, 18); // for x86-64
  content.writeUInt32LE(1, 20);
  content.writeBigUInt64LE(BigInt(entry), 24);
  content.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  content.writeUInt16LE(HEADER_BYTES, 52);
  content.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  content.writeUInt16LE(2, 56);
  const segment = (index: number, type: number, offset: number, size: number): void => {
    const at = HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
    content.writeUInt32LE(type, at);
    content.writeUInt32LE(5, at + 4);
    const address = LOAD_ADDRESS + offset;
    for (const [field, value] of [offset, address, address, size, size, 4].entries())
      content.writeBigUInt64LE(BigInt(value), at + 8 + field * 8);
  };
  const noteOffset = CODE_OFFSET - 20;
  segment(0, 1, 0, content.length);
  segment(1, 4, noteOffset, 20);
  content.writeUInt32LE(4, noteOffset);
  content.writeUInt32LE(4, noteOffset + 4);
  content.writeUInt32LE(XEN_ELFNOTE_PHYS32_ENTRY, noteOffset + 8);
  content.write("Xen", noteOffset + 12, "latin1");
  content.writeUInt32LE(entry, noteOffset + 16);
  return content;
}
