/** A program for a guest that has none: it writes what it reads, until its input ends or its output is gone. */

const LOAD_ADDRESS = 0x40_0000;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const BUFFER_ADDRESS = 0x41_0000;
const BUFFER_BYTES = 0x1_0000;

const CODE = [
  [0x31, 0xff], // read: xor edi, edi
  [0xbe, ...word(BUFFER_ADDRESS)], // mov esi, buffer
  [0xba, ...word(BUFFER_BYTES)], // mov edx, its size
  [0x31, 0xc0], // xor eax, eax: read
  [0x0f, 0x05], // syscall
  [0x85, 0xc0], // test eax, eax
  [0x7e, 0x1a], // jle exit
  [0x89, 0xc2], // mov edx, eax
  [0xbf, ...word(1)], // write: mov edi, 1
  [0xb8, ...word(1)], // mov eax, 1: write
  [0x0f, 0x05], // syscall
  [0x85, 0xc0], // test eax, eax
  [0x7e, 0x08], // jle exit
  [0x01, 0xc6], // add esi, eax
  [0x29, 0xc2], // sub edx, eax
  [0x75, 0xea], // jnz write
  [0xeb, 0xd2], // jmp read
  [0xb8, ...word(60)], // exit: mov eax, 60: exit
  [0x31, 0xff], // xor edi, edi
  [0x0f, 0x05], // syscall
].flat();

/** A static ELF program for x86-64. */
export function makeEcho(): Uint8Array {
  const start = HEADER_BYTES + SEGMENT_BYTES;
  const bytes = Buffer.alloc(start + CODE.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bit, little endian, version 1
  bytes.writeUInt16LE(2, 16); // an executable
  bytes.writeUInt16LE(62, 18); // for x86-64
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt32LE(LOAD_ADDRESS + start, 24); // its first instruction
  bytes.writeUInt32LE(HEADER_BYTES, 32); // where the segment is described
  bytes.writeUInt16LE(HEADER_BYTES, 52);
  bytes.writeUInt16LE(SEGMENT_BYTES, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(1, HEADER_BYTES); // loaded,
  bytes.writeUInt32LE(7, HEADER_BYTES + 4); // to be read, written and run,
  bytes.writeUInt32LE(LOAD_ADDRESS, HEADER_BYTES + 16); // here
  bytes.writeUInt32LE(LOAD_ADDRESS, HEADER_BYTES + 24);
  bytes.writeUInt32LE(bytes.length, HEADER_BYTES + 32);
  bytes.writeUInt32LE(BUFFER_ADDRESS + BUFFER_BYTES - LOAD_ADDRESS, HEADER_BYTES + 40); // with room for the buffer
  bytes.writeUInt32LE(0x1000, HEADER_BYTES + 48);
  bytes.set(CODE, start);
  return bytes;
}

function word(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}
