import { expect, test } from "bun:test";
import fc from "fast-check";
import { takeLines, type CursorLine } from "./take-lines.ts";

/** A line is one when it begins with an L. */
const parse = (line: string): CursorLine | undefined => (line.startsWith("L") ? { text: `${line}\n`, cursor: line } : undefined);
const sizeOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);

test("as many lines as fit are taken, and one in any case", () => {
  const line = fc.oneof(fc.stringMatching(/^[a-z]{0,5}$/), fc.stringMatching(/^L[a-zé]{0,12}$/));
  fc.assert(
    fc.property(
      fc.array(line),
      fc.nat(200),
      fc.constantFrom("first" as const, "last" as const),
      fc.boolean(),
      (lines, most, which, ends) => {
        const output = Buffer.from(`${lines.join("\n")}${ends ? "\n" : ""}`);
        const good = lines.filter((each) => each.startsWith("L"));
        const { taken, hasMore } = takeLines(output, parse, most, which, false);
        const count = taken.length;
        expect(taken.map(({ cursor }) => cursor)).toEqual(which === "first" ? good.slice(0, count) : good.slice(good.length - count));
        expect(hasMore).toBe(count < good.length);
        if (count > 1) expect(sizeOf(taken.map(({ cursor }) => cursor))).toBeLessThanOrEqual(most);
        if (hasMore) {
          const oneMore = which === "first" ? good.slice(0, count + 1) : good.slice(good.length - count - 1);
          expect(count).toBeGreaterThan(0);
          expect(sizeOf(oneMore)).toBeGreaterThan(most);
        }
      },
    ),
  );
});

test("what was cut off in the middle of a line is not taken for one, and there is more", () => {
  const output = Buffer.from("Lone\nLtw");
  expect(takeLines(output, parse, 1000, "first", true)).toEqual({ taken: [{ text: "Lone\n", cursor: "Lone" }], hasMore: true });
  expect(takeLines(output, parse, 1000, "first", false).taken).toHaveLength(2);
});

test("who prints no lines at all is not listened to for long, and has no more", () => {
  for (const junk of ["\n", "{}\n", "x"]) {
    for (const which of ["first", "last"] as const) {
      const output = Buffer.alloc(16 * 2 ** 20, junk);
      expect(takeLines(output, parse, 2 ** 20, which, true)).toEqual({ taken: [], hasMore: false });
    }
  }
});
