/**
 * A guest of 14 instructions that proves that guest instructions run: it adds twenty-one twos and leaves by the debug-exit
 * port with the sum. A /dev/kvm that opens and makes vCPUs may still run nothing at all.
 */

/** The port that `isa-debug-exit` listens on. */
export const EXIT_PORT = 0xf4;
const SUM = 42;
/** `isa-debug-exit` ends QEMU with twice the value plus one. */
export const EXIT_CODE = SUM * 2 + 1;

const LOAD_ADDRESS = 0x10_0000;
const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const NOTE_OFFSET = HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES;
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

/** 32-bit code, as PVH enters a kernel. */
const CODE = Uint8Array.of(
  ...[0x31, 0xc0], //             xor  eax, eax
  ...[0xb9, 21, 0, 0, 0], //      mov  ecx, 21
  ...[0x83, 0xc0, 2], //    again: add eax, 2
  ...[0xe2, 0xfb], //             loop again
  ...[0xe6, EXIT_PORT], //        out  EXIT_PORT, al
  ...[0xf4], //             stop: hlt
  ...[0xeb, 0xfd], //             jmp  stop
);

/** A 32-bit ELF file with one segment of code and the note by which PVH finds its entry. */
export function makeProbeElf(): Uint8Array {
  const note = makeNote();
  const codeOffset = NOTE_OFFSET + note.length;
  const entry = LOAD_ADDRESS + codeOffset;
  const total = codeOffset + CODE.length;
  const bytes = new Uint8Array(total);
  const words = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]); // magic, 32 bits, little-endian, version
  words.setUint16(16, 2, true); // an executable
  words.setUint16(18, 3, true); // for i386
  words.setUint32(20, 1, true); // version
  words.setUint32(24, entry, true);
  words.setUint32(28, HEADER_BYTES, true); // where the program headers are
  words.setUint16(40, HEADER_BYTES, true);
  words.setUint16(42, PROGRAM_HEADER_BYTES, true);
  words.setUint16(44, 2, true); // how many
  writeSegment(words, 0, { type: 1, offset: 0, address: LOAD_ADDRESS, size: total, flags: 5 });
  writeSegment(words, 1, { type: 4, offset: NOTE_OFFSET, address: LOAD_ADDRESS + NOTE_OFFSET, size: note.length, flags: 4 });
  bytes.set(note, NOTE_OFFSET);
  new DataView(bytes.buffer).setUint32(NOTE_OFFSET + note.length - 4, entry, true);
  bytes.set(CODE, codeOffset);
  return bytes;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
  readonly flags: number;
}

function writeSegment(words: DataView, index: number, { type, offset, address, size, flags }: Segment): void {
  const at = HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
  for (const [field, value] of [type, offset, address, address, size, size, flags, 4].entries())
    words.setUint32(at + field * 4, value, true);
}

/** Name `Xen`, and four bytes of entry address that the caller fills in. */
function makeNote(): Uint8Array {
  const note = new Uint8Array(20);
  const words = new DataView(note.buffer);
  words.setUint32(0, 4, true);
  words.setUint32(4, 4, true);
  words.setUint32(8, XEN_ELFNOTE_PHYS32_ENTRY, true);
  note.set(new TextEncoder().encode("Xen"), 12);
  return note;
}
