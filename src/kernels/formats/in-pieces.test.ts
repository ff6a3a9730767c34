import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { join, sha256Of } from "./in-pieces.ts";

const MIB = 2 ** 20;

test.each([0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 7])("the digest of %p bytes is that of the whole", async (length) => {
  const bytes = Buffer.alloc(length, "kernel ");
  expect(await sha256Of(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("parts of any size become their whole", async () => {
  const part = fc.tuple(fc.nat({ max: 400_000 }), fc.nat({ max: 255 })).map(([length, byte]) => new Uint8Array(length).fill(byte));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
      expect(Buffer.compare(await join(parts), Buffer.concat(parts))).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test("others are served in between", async () => {
  let served = 0;
  const timer = setInterval(() => (served += 1), 0);
  await sha256Of(new Uint8Array(32 * MIB));
  await join(Array.from({ length: 64 }, () => new Uint8Array(MIB / 2)));
  clearInterval(timer);
  expect(served).toBeGreaterThan(8);
});
