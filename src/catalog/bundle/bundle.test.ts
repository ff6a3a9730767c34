// Crafted bundles, bombs, and files that are exchanged between their verification and their use.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createZstdCompress, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { makeTar, type MadeTarEntry } from "../unpack/made-deb.ts";
import { makeTarHeader } from "../unpack/tar-header.ts";
import { unpackBundle } from "./unpack-bundle.ts";
import { writeBundle } from "./write-bundle.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const root = mkdtempSync("/tmp/bbun-");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: join(root, "h") }, silent);
const signal = new AbortController().signal;
const ALLOWED = [
  { name: "vmlinux", maxBytes: 64 * 2 ** 20 },
  { name: "modules.cpio", maxBytes: 64 * 2 ** 20 },
];
const MIB = 2 ** 20;
const manifest: MadeTarEntry = { name: "manifest.json", content: Buffer.from("{}") };
const vmlinux: MadeTarEntry = { name: "vmlinux", content: Buffer.from("kernel") };
let folder: string;
let canary: string;

beforeEach(() => {
  const place = mkdtempSync(join(root, "p-"));
  folder = join(place, "draft/inner");
  canary = join(place, "canary");
  mkdirSync(folder, { recursive: true });
  mkdirSync(canary);
  writeFileSync(join(canary, "file"), "untouched");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function unpack(bytes: Uint8Array, sha256 = digestOf(bytes)) {
  const path = join(root, "bundle.tar.zst");
  writeFileSync(path, bytes);
  return unpackBundle(system, { path, sha256, folder, allowed: ALLOWED }, signal);
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "unpacked",
    (error: { code?: string }) => error.code ?? error,
  );

const tarOf = (...entries: readonly MadeTarEntry[]): Buffer => zstdCompressSync(makeTar(entries));

/** One header with a byte or more of it changed and its sum put right. */
function odd(change: (header: Buffer) => void): Buffer {
  const header = makeTarHeader("vmlinux", 6, "0");
  change(header);
  header.write("        ", 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return zstdCompressSync(Buffer.concat([makeTar([manifest]).subarray(0, 1024), header, Buffer.alloc(512), Buffer.alloc(1024)]));
}

const whole = makeTar([manifest, vmlinux]);
const CRAFTED: readonly (readonly [string, () => Uint8Array])[] = [
  ["nothing at all", () => new Uint8Array()],
  ["no zstd", () => Buffer.from("not compressed")],
  ["gzip", () => Buffer.from("1f8b0800000000000003", "hex")],
  ["an empty archive", () => zstdCompressSync(Buffer.alloc(1024))],
  ["zstd of nothing", () => zstdCompressSync(new Uint8Array())],
  ["an archive cut in a header", () => zstdCompressSync(whole.subarray(0, 1300))],
  ["an archive cut in a file", () => zstdCompressSync(whole.subarray(0, 1538))],
  ["an archive without its end", () => zstdCompressSync(whole.subarray(0, 2048))],
  ["a stream cut in its middle", () => tarOf(manifest, vmlinux).subarray(0, -5)],
  ["an archive with something behind its end", () => zstdCompressSync(Buffer.concat([whole, Buffer.from("more")]))],
  ["something in the padding", () => zstdCompressSync(Buffer.from(whole).fill(1, 1600, 1601))],
  ["no manifest", () => tarOf(vmlinux)],
  ["its manifest last", () => tarOf(vmlinux, manifest)],
  ["its manifest twice", () => tarOf(manifest, manifest)],
  ["a manifest of 2 MiB", () => tarOf({ name: "manifest.json", content: Buffer.alloc(2 * MIB, "a") })],
  ["a manifest that is no text", () => tarOf({ name: "manifest.json", content: Buffer.from([0xff, 0xfe]) }, vmlinux)],
  ["a kernel twice", () => tarOf(manifest, vmlinux, vmlinux)],
  ["another file", () => tarOf(manifest, vmlinux, { name: "initrd.img", content: Buffer.from("x") })],
  ["a path with dots", () => tarOf(manifest, { name: "../canary/file", content: Buffer.from("x") })],
  ["a path from the root", () => tarOf(manifest, { name: "/etc/passwd", content: Buffer.from("x") })],
  ["a name with a folder", () => tarOf(manifest, { name: "./vmlinux", content: Buffer.from("x") })],
  ["a name below another", () => tarOf(manifest, { name: "vmlinux/x", content: Buffer.from("x") })],
  ["a name of another case", () => tarOf(manifest, { name: "VMLINUX", content: Buffer.from("x") })],
  ["a name with a space", () => tarOf(manifest, { name: "vmlinux ", content: Buffer.from("x") })],
  ["a name with a NUL in it", () => odd((header) => header.write("vmlinux\0../../x", 0))],
  [
    "a prefix before a name",
    () =>
      odd((header) => {
        header.write("ustar\u000000", 257, "latin1");
        header.write("..", 345);
      }),
  ],
  ["a hard link", () => tarOf(manifest, { name: "vmlinux", type: "1" })],
  ["a symbolic link", () => tarOf(manifest, { name: "vmlinux", type: "2" })],
  ["a character device", () => tarOf(manifest, { name: "vmlinux", type: "3" })],
  ["a block device", () => tarOf(manifest, { name: "vmlinux", type: "4" })],
  ["a folder", () => tarOf(manifest, { name: "vmlinux", type: "5" })],
  ["a pipe", () => tarOf(manifest, { name: "vmlinux", type: "6" })],
  ["a sparse file", () => tarOf(manifest, { name: "vmlinux", type: "S", content: Buffer.alloc(512) })],
  ["a pax header", () => tarOf(manifest, { name: "vmlinux", type: "x", content: Buffer.from("20 path=../canary\n") })],
  ["a global pax header", () => tarOf({ name: "x", type: "g", content: Buffer.from("20 path=../canary\n") }, manifest)],
  ["a long name", () => tarOf(manifest, { name: `${"long/".repeat(30)}vmlinux`, content: Buffer.from("x") })],
  ["a wrong sum", () => zstdCompressSync(Buffer.from(whole).fill(0x31, 1024 + 148, 1024 + 150))],
  ["a size that is none", () => odd((header) => header.write("-0000000001\0", 124))],
  ["a size of base 256", () => odd((header) => header.fill(0x80, 124, 125))],
  ["a size beyond what is allowed", () => odd((header) => header.write("77777777777\0", 124))],
  ["a header of another kind", () => odd((header) => header.write("banger\0\0", 257))],
];

describe("a bundle", () => {
  test("gives its files and what they are", async () => {
    expect(await unpack(tarOf(manifest, vmlinux))).toEqual({
      manifest: "{}",
      files: [{ name: "vmlinux", bytes: 6, sha256: digestOf(Buffer.from("kernel")) }],
    });
    expect(readFileSync(join(folder, "vmlinux"), "utf8")).toBe("kernel");
  });

  test("that was written is what is read, and always the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.json(), async (content, text) => {
        const place = mkdtempSync(join(root, "w-"));
        writeFileSync(join(place, "k"), content);
        const files = [{ name: "vmlinux", path: join(place, "k") }];
        const [one, two] = [
          await writeBundle(system, join(place, "1"), { manifest: text, files }, { signal }),
          await writeBundle(system, join(place, "2"), { manifest: text, files }, { signal }),
        ];
        expect(one).toEqual(two);
        expect(readFileSync(join(place, "1")).equals(readFileSync(join(place, "2")))).toBe(true);
        mkdirSync(join(place, "out"));
        const unpacked = await unpackBundle(
          system,
          { path: join(place, "1"), sha256: one.sha256, folder: join(place, "out"), allowed: ALLOWED },
          signal,
        );
        expect(unpacked.manifest).toBe(text);
        expect(readFileSync(join(place, "out/vmlinux")).equals(Buffer.from(content))).toBe(true);
        expect(readdirSync(place).toSorted()).toEqual(["1", "2", "k", "out"]);
      }),
      { numRuns: 40 },
    );
  });

  test.each(CRAFTED)("with %s is refused, and touches nothing", async (_what, make) => {
    expect(CRAFTED.length).toBeGreaterThanOrEqual(40);
    expect(await codeOf(unpack(make()))).toBe("damaged_bundle");
    expect(readFileSync(join(canary, "file"), "utf8")).toBe("untouched");
    expect(readdirSync(dirname(folder))).toEqual(["inner"]);
    expect(readdirSync(folder).filter((name) => !["vmlinux", "modules.cpio"].includes(name))).toEqual([]);
  });

  test("is not written through a link that lies in its way", async () => {
    symlinkSync(join(canary, "file"), join(folder, "vmlinux"));
    await expect(unpack(tarOf(manifest, vmlinux))).rejects.toThrow();
    expect(readFileSync(join(canary, "file"), "utf8")).toBe("untouched");
  });

  test("of which any byte is another is refused", async () => {
    const good = tarOf(manifest, vmlinux);
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(await codeOf(unpack(bad, digestOf(good)))).toBe("digest_mismatch");
      rmSync(join(folder, "vmlinux"), { force: true });
    }
  });
});

/** zstd of an archive of one file that becomes very large. */
async function bomb(name: string, mib: number, content = Buffer.alloc(MIB)): Promise<Buffer> {
  const parts: Buffer[] = [];
  const compressor = createZstdCompress();
  compressor.on("data", (part: Buffer) => void parts.push(part));
  const ended = new Promise((resolve) => compressor.on("end", resolve));
  compressor.write(makeTar([manifest]).subarray(0, 1024));
  compressor.write(makeTarHeader(name, mib * MIB, "0"));
  for (let count = 0; count < mib; count += 1)
    if (!compressor.write(content)) await new Promise((resolve) => compressor.once("drain", resolve));
  compressor.end(Buffer.alloc(1024));
  await ended;
  return Buffer.concat(parts);
}

describe("a bomb", () => {
  const cases: readonly (readonly [string, () => Promise<Buffer> | Buffer])[] = [
    ["a kernel of 60 MiB of zeros", () => bomb("vmlinux", 60)],
    ["a kernel of 60 MiB of ones", () => bomb("vmlinux", 60, Buffer.alloc(MIB, 1))],
    ["modules of 60 MiB", () => bomb("modules.cpio", 60)],
    ["a kernel of 300 MiB", () => bomb("vmlinux", 300)],
    ["a manifest of 300 MiB", () => bomb("manifest.json", 300)],
    ["a file of another name", () => bomb("x", 100)],
    ["zeros after the end", () => zstdCompressSync(Buffer.concat([whole, Buffer.alloc(100 * MIB)]))],
    ["zeros alone", () => zstdCompressSync(Buffer.alloc(100 * MIB))],
    [
      "many streams in a row",
      () => Buffer.concat([tarOf(manifest, vmlinux), ...Array.from({ length: 200 }, () => zstdCompressSync(Buffer.alloc(MIB)))]),
    ],
    ["a window of 2 GiB", () => Buffer.from("28b52ffd00a80100006100ffffff", "hex")],
    [
      "empty streams without end",
      () => Buffer.concat([...Array.from({ length: 100_000 }, () => Buffer.from("28b52ffd2000010000", "hex"))]),
    ],
    [
      "very many empty files",
      () =>
        zstdCompressSync(
          Buffer.concat([
            makeTar([manifest]).subarray(0, 1024),
            ...Array.from({ length: 100_000 }, () => makeTarHeader("modules.cpio", 0, "0")),
          ]),
        ),
    ],
  ];

  test.each(cases)("of %s is stopped soon, in little room", async (_what, make) => {
    expect(cases).toHaveLength(12);
    const bytes = await make();
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    const started = performance.now();
    const code = await codeOf(unpack(bytes));
    clearInterval(watch);
    expect(["damaged_bundle", "unpacked_too_large"]).toContain(code as string);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(most - before).toBeLessThan(256 * MIB);
    const left = existsSync(join(folder, "vmlinux")) ? readFileSync(join(folder, "vmlinux")).length : 0;
    expect(left).toBeLessThan(bytes.length * 200 + 2 * MIB);
  });
});

describe("a file that is exchanged while it is used", () => {
  test("is never taken for the one that was verified", async () => {
    const races = process.env["BANGER_TEST_FULL"] === undefined ? 60 : 1000;
    const good = tarOf(manifest, { name: "vmlinux", content: Buffer.alloc(300_000, "good") });
    const evil = tarOf(manifest, { name: "vmlinux", content: Buffer.alloc(300_000, "evil") });
    const path = join(root, "raced.tar.zst");
    const outcomes = { unpacked: 0, refused: 0 };
    for (let race = 0; race < races; race += 1) {
      writeFileSync(path, good);
      writeFileSync(`${path}.evil`, evil);
      const draft = mkdtempSync(join(root, "r-"));
      const work = unpackBundle(system, { path, sha256: digestOf(good), folder: draft, allowed: ALLOWED }, signal).then(
        () => "unpacked" as const,
        () => "refused" as const,
      );
      // By another file in its place, and by other bytes in the same file, at any moment of its reading.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      if (race % 2 === 0) renameSync(`${path}.evil`, path);
      else writeFileSync(path, evil);
      const outcome = await work;
      outcomes[outcome] += 1;
      if (outcome === "unpacked") expect(readFileSync(join(draft, "vmlinux"), "latin1").startsWith("good")).toBe(true);
      rmSync(draft, { recursive: true });
    }
    expect(outcomes.unpacked + outcomes.refused).toBe(races);
  });
});
