import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseStanzas } from "./control-stanzas.ts";
import { compareDebianVersions } from "./debian-version.ts";
import { parseDependencies } from "./dependencies.ts";
import { parseRelease } from "./release-file.ts";

/** The parser's own failure, or nothing; anything else comes through. */
function refusal(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) return error.message;
    throw error;
  }
}

describe("stanzas", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  test("come out as they went in", () => {
    const stanza = fc.uniqueArray(fc.tuple(name, fc.array(value, { minLength: 1, maxLength: 3 })), {
      selector: ([key]) => key,
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(stanza), (stanzas) => {
        const lines = stanzas.flatMap((fields) => [...fields.map(([key, values]) => `${key}: ${values.join("\n ")}`), ""]);
        const parsed = [...parseStanzas(lines.join("\n").split("\n"))].map((fields) => [...fields]);
        expect(parsed).toEqual(stanzas.map((fields) => fields.map(([key, values]) => [key, values.join("\n")])));
      }),
    );
  });

  test("of anything are parsed or refused in words", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void refusal(() => [...parseStanzas(text.split("\n"))])));
  });

  test.each([
    ["a field twice", "A: 1\na: 2"],
    ["a continuation of nothing", " x"],
    ["no field", "hello"],
  ])("with %s are refused", (_name, text) => {
    expect(refusal(() => [...parseStanzas(text.split("\n"))])).toBeDefined();
  });
});

describe("a Release", () => {
  const hash = "0".repeat(64);
  const text = `Suite: oldstable\nCodename: bookworm\nDate: Sat, 21 Nov 2026 00:53:02 UTC\nSHA256:\n ${hash}        5 main/a\n`;
  test("says what it is", () => {
    expect(parseRelease(text)).toMatchObject({
      suite: "oldstable",
      codename: "bookworm",
      dateMs: Date.UTC(2026, 10, 21, 0, 53, 2),
      validUntilMs: undefined,
      hasByHash: false,
    });
    expect([...parseRelease(text).indexes]).toEqual([["main/a", { sha256: hash, bytes: 5 }]]);
  });

  test.each([
    ["a second stanza", `${text}\nSuite: x\n`],
    ["two digests for a path", `${text} ${hash} 6 main/a\n`],
    ["a short digest", text.replace(hash, "0".repeat(63))],
    ["a negative size", text.replace(" 5 ", " -5 ")],
    ["a date in words", text.replace(/Date.*/, "Date: tomorrow")],
    ["a date of another zone", text.replace("UTC", "EST")],
    ["no date", text.replace(/Date.*\n/, "")],
    ["nothing", ""],
  ])("with %s is refused", (_name, spoiled) => {
    expect(refusal(() => parseRelease(spoiled))).toBeDefined();
  });

  test("changed anywhere is parsed or refused in words", () => {
    fc.assert(
      fc.property(fc.nat(text.length), fc.string({ unit: "binary", maxLength: 4 }), (place, piece) => {
        refusal(() => parseRelease(text.slice(0, place) + piece + text.slice(place + 1)));
      }),
    );
  });
});

describe("versions", () => {
  test.each([
    ["1.0-1", "1.0-2"],
    ["1.0~rc1-1", "1.0-1"],
    ["1.9", "1.10"],
    ["9.9", "1:0.1"],
    ["1.0", "1.0-1"],
    ["1.0-1~deb12u1", "1.0-1"],
    ["1.0", "1.0a"],
    ["1.0a", "1.0+"],
    ["6.12.9-1~deb12u1", "6.12.117-1~deb12u1"],
  ])("%s is older than %s", (older, newer) => {
    expect(compareDebianVersions(older, newer)).toBeLessThan(0);
    expect(compareDebianVersions(newer, older)).toBeGreaterThan(0);
  });

  test("have one order", () => {
    const version = fc.stringMatching(/^[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,3})?$/);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareDebianVersions(a, b)) + Math.sign(compareDebianVersions(b, a))).toBe(0);
        if (compareDebianVersions(a, b) <= 0 && compareDebianVersions(b, c) <= 0)
          expect(compareDebianVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("dependencies", () => {
  test("have alternatives and versions", () => {
    expect(parseDependencies("a:any (>= 1~), b [amd64] | c (= 2), ")).toEqual([
      [{ name: "a", relation: ">=", version: "1~" }],
      [
        { name: "b", relation: undefined, version: undefined },
        { name: "c", relation: "=", version: "2" },
      ],
    ]);
  });

  test.each(["A", "a (1)", "a (= 1", "a b", "../a"])("%s is refused", (text) => {
    expect(refusal(() => parseDependencies(text))).toBeDefined();
  });
});
