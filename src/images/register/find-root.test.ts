import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { BangerError } from "../../contract/errors.ts";
import { findRoot, type Root } from "./find-root.ts";
import type { ReadDisk } from "./partitions.ts";
import { isQcow2, QCOW2_HEADER_BYTES, readQcow2Header } from "./qcow2-header.ts";

const SECTOR = 512;
const ROOT = "e3bc684fcde8b14d96e7fbcaf984b709";
const OTHER = "af3dc60f838472478e793d69d8477de4";

const readOf =
  (disk: Buffer): ReadDisk =>
  async (start, bytes) => {
    expect(bytes).toBeLessThanOrEqual(256 * 1024);
    return disk.subarray(start, start + bytes);
  };
const find = (disk: Buffer, wanted?: number): Promise<Root> => findRoot(readOf(disk), disk.length, wanted, "cannot register image x");

/** A little ext4: no more than its superblock, and as long as that says. */
function ext4(blocks = 64): Buffer {
  const bytes = Buffer.alloc(blocks * 1024);
  bytes.writeUInt32LE(blocks, 1024 + 4);
  bytes.writeUInt16LE(0xef53, 1024 + 56);
  bytes.writeUInt16LE(1, 1024 + 58);
  bytes.writeUInt32LE(0x242, 1024 + 96);
  return bytes;
}

interface Row {
  readonly type: string;
  readonly first: number;
  readonly last: number;
}

function gpt(rows: readonly Row[], sectors = 512, sector = SECTOR): Buffer {
  const disk = Buffer.alloc(sectors * sector);
  const table = disk.subarray(2 * sector, 2 * sector + 128 * 128);
  for (const [at, { type, first, last }] of rows.entries()) {
    table.write(type, at * 128, "hex");
    table.writeBigUInt64LE(BigInt(first), at * 128 + 32);
    table.writeBigUInt64LE(BigInt(last), at * 128 + 40);
  }
  const header = disk.subarray(sector, sector + 92);
  header.write("EFI PART");
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header), 16);
  return disk;
}

function putAt(disk: Buffer, bytes: Buffer, at: number): Buffer {
  bytes.copy(disk, at);
  return disk;
}

describe("the root of a disk", () => {
  test("is the whole of it, or what is at its beginning", async () => {
    expect(await find(ext4())).toEqual({ format: "ext4", start: 0, bytes: 65_536 });
    expect(await find(Buffer.concat([ext4(), Buffer.alloc(5000)]))).toEqual({ format: "ext4", start: 0, bytes: 65_536 });
  });

  test("is the partition that a GPT marks, or the only one with a file system, whatever its sectors are", async () => {
    const rows = [
      { type: OTHER, first: 64, last: 191 },
      { type: ROOT, first: 256, last: 383 },
    ];
    const both = putAt(putAt(gpt(rows), ext4(), 64 * SECTOR), ext4(32), 256 * SECTOR);
    expect(await find(both)).toEqual({ format: "ext4", start: 256 * SECTOR, bytes: 32_768 });
    expect(await find(both, 1)).toEqual({ format: "ext4", start: 64 * SECTOR, bytes: 65_536 });
    const one = putAt(gpt([{ type: OTHER, first: 64, last: 191 }]), ext4(), 64 * SECTOR);
    expect(await find(one)).toMatchObject({ start: 64 * SECTOR });
    const long = putAt(gpt([{ type: OTHER, first: 8, last: 39 }], 64, 4096), ext4(), 8 * 4096);
    expect(await find(long)).toMatchObject({ start: 8 * 4096 });
  });

  test.each([
    ["a partition beyond the end", gpt([{ type: ROOT, first: 64, last: 512 }]), "does not end on it"],
    ["one that ends before it begins", gpt([{ type: ROOT, first: 64, last: 63 }]), "does not end on it"],
    ["a file system longer than its partition", putAt(gpt([{ type: ROOT, first: 64, last: 99 }]), ext4(), 64 * SECTOR), "is cut short"],
    ["a partition of nothing that is known", gpt([{ type: ROOT, first: 64, last: 99 }]), "no file system that is known"],
    ["no partition", gpt([]), "no partition of it holds"],
  ])("is not %s", async (_what, disk, words) => {
    await expect(find(disk)).rejects.toThrow(words);
  });

  test("is not in an extended partition that goes on for ever", async () => {
    const disk = Buffer.alloc(64 * SECTOR);
    const slot = (sector: number, at: number, type: number, start: number): void => {
      disk.writeUInt8(type, sector * SECTOR + 446 + at * 16 + 4);
      disk.writeUInt32LE(start, sector * SECTOR + 446 + at * 16 + 8);
      disk.writeUInt32LE(8, sector * SECTOR + 446 + at * 16 + 12);
      disk.writeUInt16LE(0xaa55, sector * SECTOR + 510);
    };
    slot(0, 0, 0x05, 8);
    slot(8, 0, 0x83, 1);
    slot(8, 1, 0x05, 0);
    await expect(find(disk)).rejects.toThrow("more than 60");
  });

  test("whatever the bytes are, is found or refused, and lies on the disk", async () => {
    const examples = [
      ext4(),
      gpt([{ type: ROOT, first: 64, last: 191 }]),
      putAt(gpt([{ type: OTHER, first: 64, last: 191 }]), ext4(), 64 * SECTOR),
    ];
    const changes = fc.array(fc.tuple(fc.nat(8191), fc.nat(255)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...examples), changes, fc.option(fc.integer({ min: 1, max: 9 })), async (example, all, wanted) => {
        const disk = Buffer.from(example);
        for (const [at, value] of all) disk[at] = value;
        try {
          const { start, bytes } = await find(disk, wanted ?? undefined);
          expect(start).toBeGreaterThanOrEqual(0);
          expect(start + bytes).toBeLessThanOrEqual(disk.length);
          expect(bytes).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof BangerError) || error.kind !== "refused") throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("whatever a qcow2's header says, one that names another file is none", () => {
  const header = Buffer.alloc(QCOW2_HEADER_BYTES);
  header.write("QFI\xfb", "latin1");
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(65_536n, 24);
  header.writeUInt32BE(104, 100);
  expect(isQcow2(header)).toBe(true);
  expect(readQcow2Header(header)).toEqual({ bytes: 65_536 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(135), fc.nat(255)), { maxLength: 12 }), fc.nat(QCOW2_HEADER_BYTES), (changes, length) => {
      const changed = Buffer.from(header).subarray(0, length);
      for (const [at, value] of changes) if (at < length) changed[at] = value;
      const read = readQcow2Header(changed);
      if (typeof read === "string") return;
      expect(changed.readBigUInt64BE(8)).toBe(0n);
      expect(changed.readUInt32BE(4) === 2 || (changed.readBigUInt64BE(72) & 0x4n) === 0n).toBe(true);
      expect(read.bytes).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});
