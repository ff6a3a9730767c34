import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CatalogDocument, DocumentEntry } from "../document/catalog-document.ts";
import { splitSignatures } from "../signing/signature-file.ts";
import { makeSigningKey } from "../signing/signing-key.ts";
import { addSignature, hasEntry, isSignedByKey, patchCatalog, readOwnCatalog } from "./patch-catalog.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 12);
const key = makeSigningKey();
const entryOf = (name: string, digit = "0"): DocumentEntry => ({
  type: "kernel",
  name,
  distro: "banger",
  arch: "amd64",
  description: name,
  bundle: { url: `https://kernels.example/${name}`, sha256: digit.repeat(64), bytes: 1 },
});
const patchOf = (entry: DocumentEntry, more = {}) => ({ entry, key, validForMs: undefined, newName: "acme", ...more });

describe("a catalog", () => {
  test("has after any entries each once, in order, the last of its name, and is signed", () => {
    const names = fc.array(fc.tuple(fc.constantFrom("a", "b", "c.1", "z"), fc.constantFrom("0", "1")), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(names, (list) => {
        let document: CatalogDocument | undefined;
        for (const [name, digit] of list) {
          const before = document?.version ?? 0;
          const after = patchCatalog("it", document, patchOf(entryOf(name, digit)), NOW_MS);
          expect(readOwnCatalog("it", after.bytes, after.signature, key)).toEqual(after.document);
          expect(after.document.version).toBe(before + 1);
          document = after.document;
        }
        const last = new Map(list);
        expect(document?.entries).toEqual([...last].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, digit]) => entryOf(name, digit)));
        for (const [name, digit] of last) expect(document !== undefined && hasEntry(document, entryOf(name, digit))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("is good for as long as before, or as was said, from now on", () => {
    const first = patchCatalog("it", undefined, patchOf(entryOf("a"), { validForMs: 3_600_000 }), NOW_MS).document;
    expect(first).toMatchObject({ name: "acme", version: 1, issued: "2026-11-26T12:00:00Z", expires: "2026-11-26T13:00:00Z" });
    expect(patchCatalog("it", first, patchOf(entryOf("b")), NOW_MS + 7_200_000).document).toMatchObject({
      issued: "2026-11-26T14:00:00Z",
      expires: "2026-11-26T15:00:00Z",
    });
    // By a clock that is a little behind: instants do not go back.
    expect(patchCatalog("it", first, patchOf(entryOf("b")), NOW_MS - 5000).document.issued).toBe(first.issued);
    expect(() => patchCatalog("it", first, patchOf(entryOf("b")), NOW_MS - 2 * 86_400_000)).toThrow("which is to come");
    expect(() => patchCatalog("it", undefined, patchOf(entryOf("a"), { newName: undefined }), NOW_MS)).toThrow("there is none yet");
  });

  test("that would not be one any more is not made, and why is said", () => {
    const refusedOf = (document: CatalogDocument | undefined, more = {}) => {
      try {
        return patchCatalog("it", document, patchOf(entryOf("a"), more), NOW_MS);
      } catch (error) {
        return error;
      }
    };
    expect(refusedOf(undefined, { newName: "Bad Name" })).toMatchObject({
      code: "bad_document",
      message: expect.stringContaining("the name of a catalog has") as string,
      hint: "--catalog-name NAME, such as acme",
    });
    const first = patchCatalog("it", undefined, patchOf(entryOf("b")), NOW_MS).document;
    expect(refusedOf({ ...first, version: Number.MAX_SAFE_INTEGER })).toMatchObject({ code: "bad_document" });
    expect(refusedOf({ ...first, expires: "9999-12-31T23:59:59Z", issued: "2000-01-01T00:00:00Z" })).toMatchObject({
      code: "bad_document",
    });
  });

  test("of another key, or changed in a bit, is none of ours", () => {
    const { bytes, signature } = patchCatalog("it", undefined, patchOf(entryOf("a")), NOW_MS);
    expect(() => readOwnCatalog("it", bytes, signature, makeSigningKey())).toThrow("is not signed by key");
    for (const text of [undefined, "", "x", `${signature}x`])
      expect(() => readOwnCatalog("it", bytes, text, key)).toThrow("is not signed by key");
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => readOwnCatalog("it", changed, signature, key)).toThrow("is not signed by key");
    }
  });
});

test("signatures beside a document: the newest first, that of what is there kept, and never without end", () => {
  const current = patchCatalog("it", undefined, patchOf(entryOf("a")), NOW_MS);
  let text = current.signature;
  for (let at = 0; at < 40; at += 1) {
    const next = patchCatalog("it", current.document, patchOf(entryOf("b", String(at % 10))), NOW_MS + at * 1000);
    text = addSignature(text, next.signature, current.bytes, key);
    expect(isSignedByKey(current.bytes, text, key)).toBe(true);
    expect(isSignedByKey(next.bytes, text, key)).toBe(true);
    expect(splitSignatures(text)[0]).toBe(next.signature.trimEnd());
  }
  expect(splitSignatures(text).length).toBeLessThanOrEqual(17);
});
