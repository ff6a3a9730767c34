import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { parseArHeader } from "./ar-header.ts";
import { makeAr, makeDeb, makeTar, type MadeTarEntry } from "./made-deb.ts";
import { openDeb } from "./open-deb.ts";
import { makeTarHeader } from "./tar-header.ts";
import { TarIndexer } from "./tar-index.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const root = mkdtempSync("/tmp/bdeb-");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: join(root, "b") }, silent);
const signal = new AbortController().signal;
const scratch = join(root, "data.tar");
afterAll(() => {
  rmSync(root, { recursive: true });
});

const tar = makeTar([
  { name: "./", type: "5" },
  { name: "./boot/vmlinuz-1", content: Buffer.from("kernel") },
  { name: "./boot/vmlinuz", type: "2" },
  { name: `./lib/${"long/".repeat(30)}name`, content: Buffer.from("deep") },
  { name: "./empty" },
]);

async function xz(bytes: Uint8Array, ...options: readonly string[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await using child = await system.processes.start(["xz", "-0c", ...options], { timeoutMs: 10_000 });
  child.stdin.end(bytes);
  for await (const part of child.stdout as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

function put(content: Uint8Array): string {
  const path = join(root, "p.deb");
  writeFileSync(path, content);
  return path;
}

function openPut(content: Uint8Array) {
  return openDeb(system, put(content), createHash("sha256").update(content).digest("hex"), scratch, signal);
}

describe("a package", () => {
  test.each([
    ["data.tar", () => tar],
    ["data.tar.gz", () => gzipSync(tar)],
    ["data.tar.zst", () => zstdCompressSync(tar)],
    ["data.tar.xz", () => xz(tar)],
  ])("with %s gives its regular files", async (member, data) => {
    await using files = await openPut(makeDeb(member, await data()));
    expect(files.list().map(({ name, bytes }) => [name, bytes])).toEqual([
      ["boot/vmlinuz-1", 6],
      [`lib/${"long/".repeat(30)}name`, 4],
      ["empty", 0],
    ]);
    expect(Buffer.from(await files.read("boot/vmlinuz-1", 10)).toString()).toBe("kernel");
    expect((await files.read("empty", 10)).length).toBe(0);
    expect(await files.read("boot/vmlinuz-1", 5).catch((error: unknown) => error)).toMatchObject({ code: "file_too_large" });
    expect(await files.read("boot/vmlinuz", 5).catch((error: unknown) => error)).toMatchObject({ code: "file_not_in_package" });
  });

  test("leaves no scratch file", async () => {
    {
      await using _files = await openPut(makeDeb("data.tar", tar));
      expect(existsSync(scratch)).toBe(true);
    }
    expect(existsSync(scratch)).toBe(false);
  });

  test.each([
    ["that is none", Buffer.from("hello"), "damaged_package"],
    ["that is empty", Buffer.alloc(0), "damaged_package"],
    ["without data", makeAr([["debian-binary", Buffer.from("2.0\n")]]), "damaged_package"],
    ["that is cut off", makeDeb("data.tar", tar).subarray(0, 700), "damaged_package"],
    ["with cut off gzip", makeDeb("data.tar.gz", gzipSync(tar).subarray(0, 60)), "damaged_archive"],
    ["with rubbish for xz", makeDeb("data.tar.xz", Buffer.from("rubbish")), "damaged_archive"],
    [
      "that becomes very much",
      makeDeb("data.tar.zst", zstdCompressSync(makeTar([{ name: "a", content: Buffer.alloc(64 * 2 ** 20) }]))),
      "unpacked_too_large",
    ],
    ["with a damaged tar", makeDeb("data.tar", Buffer.alloc(1024, 1)), "damaged_package"],
  ])("%s is refused and leaves nothing", async (_name, content, code) => {
    const error = await openPut(content).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringContaining(join(root, "p.deb")), hint: expect.any(String) });
    expect(existsSync(scratch)).toBe(false);
  });
});

test("a package that wants a gigabyte to be unpacked in is refused", async () => {
  const greedy = await xz(tar, "--lzma2=dict=1GiB");
  await expect(openPut(makeDeb("data.tar.xz", greedy))).rejects.toMatchObject({ code: "damaged_archive" });
});

function index(bytes: Uint8Array, pieces = 7): readonly string[] {
  const indexer = new TarIndexer();
  for (let at = 0; at < bytes.length; at += pieces) indexer.push(bytes.subarray(at, at + pieces));
  return indexer
    .end()
    .map(({ name, offset, bytes: length }) => `${name}=${Buffer.from(bytes.subarray(offset, offset + length)).toString("latin1")}`);
}

describe("a tar index", () => {
  test("finds each file's content, however the stream is cut", () => {
    const path = fc.array(fc.stringMatching(/^[a-zA-Z0-9_+-]{1,40}$/), { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
    const files = fc.uniqueArray(fc.record({ name: path, content: fc.string({ unit: "binary-ascii", maxLength: 1500 }) }), {
      selector: ({ name }) => name,
    });
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 2000 }), (entries, pieces) => {
        const made = makeTar(entries.map(({ name, content }) => ({ name: `./${name}`, content: Buffer.from(content, "latin1") })));
        expect(index(made, pieces)).toEqual(entries.map(({ name, content }) => `${name}=${content}`));
      }),
    );
  });

  const bad: Record<string, readonly MadeTarEntry[]> = {
    "an absolute name": [{ name: "/etc/passwd" }],
    "a name that goes up": [{ name: "./a/../../b" }],
    "an empty name": [{ name: "" }],
    "a file twice": [{ name: "a" }, { name: "./a" }],
    "a pax header": [{ name: "x", type: "x", content: Buffer.from("11 path=b\n") }],
    "a sparse file": [{ name: "x", type: "S" }],
    "a long name that says nothing": [{ name: "x", type: "L" }, { name: "a" }],
    "an endless long name": [{ name: "x", type: "L", content: Buffer.alloc(9000, "a") }, { name: "a" }],
    "more bytes than there are": [{ name: "a", bytes: 10_000 }],
    "a name that is not UTF-8": [{ name: "x", type: "L", content: Buffer.from([0xff, 0xfe, 0]) }, { name: "a" }],
  };
  test.each(Object.entries(bad))("refuses %s", (_name, entries) => {
    expect(() => index(makeTar(entries))).toThrow();
  });

  test("refuses what comes after the end, and what does not come to it", () => {
    const right = makeTar([{ name: "a" }]);
    expect(() => index(Buffer.concat([right, makeTarHeader("b", 0, "0")]))).toThrow("after its end");
    expect(() => index(right.subarray(0, 512))).toThrow("too early");
  });

  test("refuses every changed bit of a header, or sees the same", () => {
    const right = makeTar([{ name: "a", content: Buffer.from("x") }]);
    fc.assert(
      fc.property(fc.nat(511), fc.nat(7), (at, bit) => {
        const spoiled = Buffer.from(right);
        spoiled[at] = (spoiled[at] ?? 0) ^ (1 << bit);
        let seen: readonly string[] = ["a=x"];
        try {
          seen = index(spoiled);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        expect(seen).toEqual(["a=x"]);
      }),
    );
  });
});

test("an ar header is parsed or refused in words", () => {
  expect(parseArHeader(makeAr([["data.tar.xz", Buffer.alloc(5)]]).subarray(8, 68))).toEqual({ name: "data.tar.xz", bytes: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 70 }), (bytes) => {
      expect(() => parseArHeader(bytes)).toThrow("damaged member header");
    }),
  );
});
