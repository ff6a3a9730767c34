import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exactSize, parseDuration, parseSize } from "./sizes.ts";

const KIB = 1024;

describe("a size", () => {
  test.each([
    ["0", 0],
    ["4096", 4096],
    ["1K", KIB],
    ["512M", 512 * KIB ** 2],
    ["2GiB", 2 * KIB ** 3],
    ["2Gi", 2 * KIB ** 3],
    ["1.5G", 1.5 * KIB ** 3],
    ["16T", 16 * KIB ** 4],
  ])("%s is %d bytes", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each([
    "",
    " 1G",
    "1G ",
    "1 G",
    "1g",
    "1GB ",
    "-1",
    "+1",
    "1e3",
    "0x10",
    "1.5",
    ".5G",
    "1.G",
    "1,5G",
    "1P",
    "G",
    "9007199254740993",
    "9000000T",
    "１",
  ])("%j is none", (text) => expect(parseSize(text)).toBeUndefined());

  test("said exactly is read back as what it was", () => {
    fc.assert(
      fc.property(fc.nat({ max: 9999 }), fc.integer({ min: 0, max: 3 }), (count, power) => {
        const bytes = count * KIB ** power;
        expect(parseSize(exactSize(bytes).replace(/ (?:bytes?)?/, ""))).toBe(bytes);
      }),
    );
  });

  test("of arbitrary text is whole bytes or none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const bytes = parseSize(text);
        if (bytes !== undefined) expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
      }),
    );
  });
});

describe("a duration", () => {
  test.each([
    ["500ms", 500],
    ["90s", 90_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["30d", 2_592_000_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "5", "5 s", "-5s", "1.5h", "5M", "5w", "1h30m", "9999999999s"])("%j is none", (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});
