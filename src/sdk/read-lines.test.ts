import { expect, test } from "bun:test";
import fc from "fast-check";
import { readLines } from "./read-lines.ts";

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) if (index + 1 < places.length) yield bytes.subarray(from, places[index + 1]);
}

test("values come out as they went in, however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(10_000)), async (values, cuts) => {
      const expected = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
      const bytes = new TextEncoder().encode(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
      expect(await Array.fromAsync(readLines(inPieces(bytes, cuts)))).toEqual(expected);
    }),
  );
});

test("a last line without its end was cut off, and is left out", async () => {
  expect(await Array.fromAsync(readLines(inPieces(new TextEncoder().encode('1\n{"a"'), [])))).toEqual([1]);
});
