import { expect, test } from "bun:test";
import fc from "fast-check";
import { takeLines } from "./take-lines.ts";

test("as many lines as fit are taken, and one in any case", () => {
  const line = fc.record({ text: fc.string({ minLength: 1 }), cursor: fc.string() });
  fc.assert(
    fc.property(fc.array(line), fc.nat(200), fc.constantFrom("first" as const, "last" as const), (lines, most, which) => {
      const { taken, isCut } = takeLines(lines, most, which);
      const size = (some: typeof lines): number => Buffer.byteLength(some.map(({ text }) => text).join(""));
      const count = taken.length;
      expect(taken).toEqual(which === "first" ? lines.slice(0, count) : lines.slice(lines.length - count));
      expect(isCut).toBe(count < lines.length);
      if (count > 1) expect(size([...taken])).toBeLessThanOrEqual(most);
      if (isCut) {
        const oneMore = which === "first" ? lines.slice(0, count + 1) : lines.slice(lines.length - count - 1);
        expect(count).toBeGreaterThan(0);
        expect(size(oneMore)).toBeGreaterThan(most);
      }
    }),
  );
});
