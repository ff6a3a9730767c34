import { expect, test } from "bun:test";
import fc from "fast-check";
import { offsetSince } from "./log-times.ts";

function encode(pairs: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = Buffer.alloc(pairs.length * 16);
  for (const [index, [offset, atMs]] of pairs.entries()) {
    bytes.writeBigUInt64LE(BigInt(offset), index * 16);
    bytes.writeBigUInt64LE(BigInt(atMs), index * 16 + 8);
  }
  return bytes;
}

test("a log without times is read from its beginning", () => expect(offsetSince(new Uint8Array(), 5)).toBe(0));

test("nothing that came since is left out, and no more is shown than to the next older pair", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 256, max: 5000 }), fc.integer({ min: 1000, max: 9000 })), { maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.nat(200_000), (sizes, atMs) => {
      let [offset, ms] = [0, 1000];
      const pairs = sizes.map(([bytes, passedMs]): [number, number] => [(offset += bytes), (ms += passedMs)]);
      const from = offsetSince(encode(pairs), atMs);
      const older = pairs.filter(([, at]) => at <= atMs);
      expect(from).toBe(older.at(-1)?.[0] ?? 0);
      for (const [start, at] of pairs) if (at > atMs) expect(from).toBeLessThan(start);
    }),
  );
});
