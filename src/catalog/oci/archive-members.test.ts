import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { makeTarHeader, paddingOf } from "../unpack/tar-header.ts";
import { listMembers, type Member } from "./archive-members.ts";

const END = Buffer.alloc(1024);
const { files } = makeSystem({ BANGER_HOME: "/nonexistent" }, makeJsonLog(2));
const { signal } = new AbortController();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "banger-members-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (name: string, content: string, type = "0"): Buffer =>
  Buffer.concat([makeTarHeader(name, content.length, type), Buffer.from(content), paddingOf(content.length)]);
const pax = (text: string, type = "x"): Buffer => entry("pax", text, type);

function list(...parts: readonly Uint8Array[]): Promise<ReadonlyMap<string, Member>> {
  const bytes = Buffer.concat(parts);
  const path = join(folder, "x.tar");
  writeFileSync(path, bytes);
  return listMembers(files, path, bytes.length, signal);
}

describe("the files of an archive", () => {
  test("are found where they are, and links and folders are none", async () => {
    const long = `${"a/".repeat(60)}layer.tar`;
    const found = await list(
      entry("./manifest.json", "[]"),
      entry("folder/", "", "5"),
      entry("link", "", "2"),
      pax("30 mtime=1700000000.123456789\n"),
      entry("x", "12345"),
      entry("././@LongLink", `${long}\0`, "L"),
      entry("cut", "content"),
      END,
    );
    expect([...found.keys()]).toEqual(["manifest.json", "x", long]);
    expect(found.get("manifest.json")).toEqual({ offset: 512, bytes: 2 });
    expect(found.get(long)?.bytes).toBe(7);
  });

  test.each([
    ["twice one name", [entry("x", "1"), entry("x", "2"), END], "twice"],
    ["a name by pax", [pax("13 path=other\n"), entry("x", "1"), END], "a pax header that changes"],
    ["a size by pax", [pax("10 size=99\n"), entry("x", "1"), END], "a pax header that changes"],
    ["a name by pax for all", [pax("13 path=other\n", "g"), entry("x", "1"), END], "a pax header that changes"],
    ["a sparse file", [pax("22 GNU.sparse.major=1\n"), entry("x", "1"), END], "a pax header that changes"],
    ["a large pax header", [pax("x".repeat(70_000)), END], "a pax header that changes"],
    ["a name without end", [entry("././@LongLink", "x".repeat(5000), "L"), END], "a name that is too long"],
    ["nothing", [], "it ends too early"],
    ["no end", [entry("x", "1")], "it ends too early"],
    ["more than there is", [makeTarHeader("x", 10_000, "0"), END], "it ends too early"],
    ["something else", [Buffer.alloc(2048, "x")], "a number that is not one"],
  ])("with %s are none", async (_what, parts, why) => {
    await expect(list(...parts)).rejects.toThrow(why);
  });

  test("of more entries than are allowed are none, soon", async () => {
    const startedMs = performance.now();
    const many = Array.from({ length: 10_001 }, (_, at) => makeTarHeader(`${at}`, 0, "0"));
    await expect(list(...many, END)).rejects.toThrow("more than 10000 entries");
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  test("that chance has changed are found within it, or none", async () => {
    const whole = Buffer.concat([entry("manifest.json", "[]"), pax("11 mtime=17\n"), entry("x", "12345"), END]);
    const edit = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of edits) bytes[at] = byte;
        const found = await list(bytes).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Error);
          return new Map<string, Member>();
        });
        for (const { offset, bytes: length } of found.values()) expect(offset + length).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});
