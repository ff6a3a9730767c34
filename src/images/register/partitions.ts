/** The partitions of a disk, by a GPT or an MBR. Tables are small, and read once; what does not fit together is refused. */
import { crc32 } from "node:zlib";

/** At most so many bytes from `start` on; fewer where the disk ends. */
export type ReadDisk = (start: number, bytes: number) => Promise<Buffer>;

export interface Partition {
  /** As Linux counts them. */
  readonly number: number;
  /** In bytes. */
  readonly start: number;
  readonly bytes: number;
  /** By a GPT, the type that says that it is the root of a Linux system for x86-64. */
  readonly isRoot: boolean;
}

/** Undefined when there is no table; a text when it is damaged. */
export type Table = readonly Partition[] | string | undefined;

const SECTORS = [512, 4096];
const GPT_HEADER_BYTES = 92;
const GPT_TABLE_MAX_BYTES = 256 * 1024;
/** 4f68bce3-e8cd-4db1-96e7-fbcaf984b709, as it stands there. */
const ROOT_X86_64 = "e3bc684fcde8b14d96e7fbcaf984b709";
const UNUSED = "0".repeat(32);

/** @param end of the disk. */
export async function readGpt(read: ReadDisk, end: number): Promise<Table> {
  for (const sector of SECTORS) {
    const header = await read(sector, GPT_HEADER_BYTES);
    if (header.length === GPT_HEADER_BYTES && header.toString("latin1", 0, 8) === "EFI PART")
      return readGptTable(header, read, sector, end);
  }
  return undefined;
}

async function readGptTable(header: Buffer, read: ReadDisk, sector: number, end: number): Promise<Table> {
  if (header.readUInt32LE(12) !== GPT_HEADER_BYTES || !hasSum(header, 16)) return "the header of its GPT is damaged";
  const tableAt = Number(header.readBigUInt64LE(72)) * sector;
  const [count, entryBytes] = [header.readUInt32LE(80), header.readUInt32LE(84)];
  const tableBytes = count * entryBytes;
  if (entryBytes < 128 || tableBytes > GPT_TABLE_MAX_BYTES || tableAt + tableBytes > end) return "the table of its GPT has no place on it";
  const table = await read(tableAt, tableBytes);
  if (table.length !== tableBytes || crc32(table) !== header.readUInt32LE(88)) return "the table of its GPT is damaged";
  const partitions: Partition[] = [];
  for (let at = 0; at < count; at += 1) {
    const entry = table.subarray(at * entryBytes, (at + 1) * entryBytes);
    const type = entry.toString("hex", 0, 16);
    if (type === UNUSED) continue;
    const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
    if (last < first || (last + 1) * sector > end) return `partition ${at + 1} does not end on it`;
    partitions.push({ number: at + 1, start: first * sector, bytes: (last - first + 1) * sector, isRoot: type === ROOT_X86_64 });
  }
  return partitions;
}

/** Whether a sum stands at `at` that fits what is around it. */
function hasSum(header: Buffer, at: number): boolean {
  const without = Buffer.from(header);
  without.writeUInt32LE(0, at);
  return crc32(without) === header.readUInt32LE(at);
}

const SECTOR = 512;
const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
/** Partitions in an extended one; each tells where the next is. */
const MOST_LOGICAL = 60;
const FIRST_LOGICAL = 5;
/** Says that there is a GPT. */
const PROTECTIVE = 0xee;

interface Slot {
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
}

/** @param end of the disk. */
export async function readMbr(read: ReadDisk, end: number): Promise<Table> {
  const slots = slotsOf(await read(0, SECTOR));
  if (slots === undefined || slots.every(({ type }) => type === 0)) return undefined;
  if (slots.some(({ type }) => type === PROTECTIVE)) return "its MBR tells of a GPT, and there is none";
  const partitions: Partition[] = [];
  for (const [at, { type, start, sectors }] of slots.entries()) {
    if (type === 0 || sectors === 0) continue;
    if (EXTENDED.has(type)) {
      const logical = await readLogical(read, start);
      if (typeof logical === "string") return logical;
      partitions.push(...logical);
    } else partitions.push(partitionOf(at + 1, start, sectors));
  }
  const odd = partitions.find(({ start, bytes }) => start === 0 || start + bytes > end);
  return odd === undefined ? partitions.toSorted((a, b) => a.number - b.number) : `partition ${odd.number} does not lie on it`;
}

async function readLogical(read: ReadDisk, extended: number): Promise<readonly Partition[] | string> {
  const partitions: Partition[] = [];
  let at = extended;
  for (let number = FIRST_LOGICAL; number < FIRST_LOGICAL + MOST_LOGICAL; number += 1) {
    const [own, next] = slotsOf(await read(at * SECTOR, SECTOR)) ?? [];
    if (own === undefined || next === undefined) return "its extended partition is damaged";
    if (own.type !== 0 && own.sectors > 0) partitions.push(partitionOf(number, at + own.start, own.sectors));
    if (next.type === 0 || next.sectors === 0) return partitions;
    at = extended + next.start;
  }
  return `its extended partition has more than ${MOST_LOGICAL} in it`;
}

function partitionOf(number: number, start: number, sectors: number): Partition {
  return { number, start: start * SECTOR, bytes: sectors * SECTOR, isRoot: false };
}

/** The four of a sector that ends as one of these does. */
function slotsOf(sector: Buffer): readonly Slot[] | undefined {
  if (sector.length < SECTOR || sector.readUInt16LE(510) !== 0xaa55) return undefined;
  return [446, 462, 478, 494].map((at) => ({
    type: sector.readUInt8(at + 4),
    start: sector.readUInt32LE(at + 8),
    sectors: sector.readUInt32LE(at + 12),
  }));
}
