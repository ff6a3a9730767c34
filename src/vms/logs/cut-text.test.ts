import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutOf } from "./cut-text.ts";

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test("bytes that are cut there are the same text, in two parts or in one", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 30 }).map((value) => Buffer.from(value));
  const anything = fc.oneof(
    text,
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc.array(fc.constantFrom(0xe2, 0x82, 0xf0, 0x41)).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(anything, fc.nat(40), (bytes, at) => {
      const cut = cutOf(bytes.subarray(0, at));
      expect(Math.min(at, bytes.length) - cut).toBeWithin(0, 4);
      expect(decode(bytes.subarray(0, cut)) + decode(bytes.subarray(cut))).toBe(decode(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("a character that is whole is not waited for", () => {
  for (const text of ["", "a", "é", "€", "👩"]) expect(cutOf(Buffer.from(`x${text}`))).toBe(1 + Buffer.byteLength(text));
  expect(cutOf(Buffer.from("x€").subarray(0, 3))).toBe(1);
});
