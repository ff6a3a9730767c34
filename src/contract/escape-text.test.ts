import { expect, test } from "bun:test";
import fc from "fast-check";
import { escapeJson, escapeLines, escapeOutput, escapeText } from "./escape-text.ts";

const anyText = fc.string({
  unit: fc.oneof(fc.nat(0x9f), fc.integer({ min: 0x2000, max: 0x206f }), fc.nat(0x10ffff)).map((code) => String.fromCodePoint(code)),
});
const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f);
const isFormat = (character: string): boolean => /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character);

test("what is left has no control, no mark of direction and nothing of no width", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const character of escapeText(text)) {
        expect(isControl(character.codePointAt(0) ?? 0)).toBe(false);
        expect(isFormat(character)).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});

test("lines keep newline and tab and no other control", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const character of escapeLines(text)) {
        if (character !== "\n" && character !== "\t") expect(isControl(character.codePointAt(0) ?? 0)).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});

test("what people write stays as it is", () => {
  for (const text of ["dev", "Grüße, мир, 你好, 👩‍💻".replace("\u200d", ""), "a\\b"]) expect(escapeText(text)).toBe(text);
});

test.each([
  ["\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07"],
  ["a\rb", "a\\x0db"],
  ["\u009b31m", "\\x9b31m"],
  ["user\u202etxt.exe", "user\\u{202e}txt.exe"],
  ["pay\u200bpal", "pay\\u{200b}pal"],
  ["\ud800", "\\u{d800}"],
])("%p becomes %p", (text, escaped) => expect(escapeText(text)).toBe(escaped));

test("carriage returns before the end of a line are none of it, however many there are", () => {
  expect(escapeLines("one\r\ntwo\r\r\nthr\ree")).toBe("one\ntwo\nthr\\x0dee");
  const many = "\r".repeat(2 ** 20);
  expect(escapeLines(`${many}\n`)).toBe("\n");
  expect(escapeLines(`${many}x`)).toBe(`${"\\x0d".repeat(many.length)}x`);
});

test("running output keeps carriage returns", () => expect(escapeOutput("10%\r20%\x1b[2J\n")).toBe("10%\r20%\\x1b[2J\n"));

test("a document says the same, in plain characters", () => {
  expect(escapeJson({ a: "\u009b31m\u202e\u{e0041}\x7f\n" })).toBe('{"a":"\\u009b31m\\u202e\\udb40\\udc41\\u007f\\n"}');
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.integer(), fc.constant(null))), (value) => {
      const json = escapeJson(value);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(escapeText(json)).toBe(json);
    }),
    { numRuns: 2000 },
  );
});
