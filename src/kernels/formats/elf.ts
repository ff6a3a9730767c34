/** As much of 64-bit ELF as a kernel and its modules need: sections by name, and notes. All offsets are checked. */

export interface ElfNote {
  readonly name: string;
  readonly type: number;
}

const MAGIC = 0x7f454c46;
const X86_64 = 62;
const PT_NOTE = 4;
const PT_NOTE_MAX_BYTES = 2 ** 20;
/** A kernel has some five. */
const SEGMENTS_MAX = 64;

/** Whether the bytes start as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === MAGIC;
}

/** The content of a section, or undefined. Throws `Error` on what is not a 64-bit little-endian ELF for x86-64. */
export function findElfSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const view = checkedView(bytes);
  const table = offsetAt(view, 0x28);
  const entryBytes = view.getUint16(0x3a, true);
  const count = view.getUint16(0x3c, true);
  const namesIndex = view.getUint16(0x3e, true);
  if (entryBytes < 64) throw new Error("its section table is damaged");
  const contentOf = (index: number): Uint8Array => {
    const at = table + index * entryBytes;
    return part(bytes, offsetAt(view, at + 0x18), offsetAt(view, at + 0x20));
  };
  if (namesIndex >= count) throw new Error("its sections have no names");
  const names = Buffer.from(contentOf(namesIndex));
  for (let index = 0; index < count; index++) {
    const start = view.getUint32(table + index * entryBytes, true);
    const end = names.indexOf(0, start);
    if (end >= 0 && names.toString("latin1", start, end) === name) return contentOf(index);
  }
  return undefined;
}

/** The notes of all note segments. Throws `Error` as `findElfSection` does. */
export function listElfNotes(bytes: Uint8Array): readonly ElfNote[] {
  const within = ({ start, size }: Range): Uint8Array => {
    requireWithin({ start, size }, bytes.length);
    return part(bytes, Number(start), Number(size));
  };
  const { table, entryBytes } = segmentTableOf(checkedView(bytes));
  return noteRangesIn(within(table), entryBytes).flatMap((range) => parseNotes(within(range)));
}

/** A file of which little is looked at: it may be larger than what there is of memory for it. */
export interface ElfFile {
  readonly bytes: number;
  /** From `start` to, not including, `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** As `listElfNotes`. */
export async function readElfNotes(file: ElfFile): Promise<readonly ElfNote[]> {
  const within = ({ start, size }: Range): Promise<Uint8Array> => {
    requireWithin({ start, size }, file.bytes);
    return file.read(Number(start), Number(start + size));
  };
  const { table, entryBytes, count } = segmentTableOf(checkedView(await file.read(0, 64)));
  if (count > SEGMENTS_MAX) throw new Error("its segment table is damaged");
  const notes: ElfNote[] = [];
  for (const range of noteRangesIn(await within(table), entryBytes)) notes.push(...parseNotes(await within(range)));
  return notes;
}

interface Range {
  readonly start: bigint;
  readonly size: bigint;
}

function requireWithin({ start, size }: Range, bytes: number): void {
  if (start + size > BigInt(bytes)) throw new Error("it points outside of itself");
}

function segmentTableOf(head: DataView): { readonly table: Range; readonly entryBytes: number; readonly count: number } {
  const entryBytes = head.getUint16(0x36, true);
  const count = head.getUint16(0x38, true);
  if (count > 0 && entryBytes < 56) throw new Error("its segment table is damaged");
  // Without segments where they begin says nothing.
  return { table: { start: count === 0 ? 0n : head.getBigUint64(0x20, true), size: BigInt(count * entryBytes) }, entryBytes, count };
}

function noteRangesIn(table: Uint8Array, entryBytes: number): readonly Range[] {
  const view = viewOf(table);
  const ranges: Range[] = [];
  for (let at = 0; at < table.length; at += entryBytes) {
    if (view.getUint32(at, true) !== PT_NOTE) continue;
    const size = view.getBigUint64(at + 0x20, true);
    if (size > PT_NOTE_MAX_BYTES) throw new Error("its notes are too large");
    ranges.push({ start: view.getBigUint64(at + 0x08, true), size });
  }
  return ranges;
}

function parseNotes(bytes: Uint8Array): readonly ElfNote[] {
  const view = viewOf(bytes);
  const notes: ElfNote[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameBytes = view.getUint32(at, true);
    const valueBytes = view.getUint32(at + 4, true);
    const name = Buffer.from(part(bytes, at + 12, nameBytes))
      .toString("latin1")
      .replace(/\0+$/, "");
    notes.push({ name, type: view.getUint32(at + 8, true) });
    at += 12 + roundUp(nameBytes) + roundUp(valueBytes);
  }
  return notes;
}

function checkedView(bytes: Uint8Array): DataView {
  if (!isElf(bytes) || bytes.length < 64 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error("it is not a 64-bit ELF file");
  const view = viewOf(bytes);
  if (view.getUint16(0x12, true) !== X86_64) throw new Error("it is not for x86-64");
  return view;
}

function offsetAt(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(view.byteLength)) throw new Error("it points outside of itself");
  return Number(value);
}

function part(bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (start + length > bytes.length) throw new Error("it points outside of itself");
  return bytes.subarray(start, start + length);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
