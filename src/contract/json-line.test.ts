import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonLine } from "./json-line.ts";

test("JSON on a terminal cannot drive it, and says the same", () => {
  expect(jsonLine({ a: "\u009b31m\u001b[2J\u007f\u202e\u{e0041}é🙂" })).toBe(
    '{"a":"\\u009b31m\\u001b[2J\\u007f\\u202e\\udb40\\udc41é🙂"}\n',
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const line = jsonLine({ value, text });
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(/[^\P{Cc}\n]|\p{Cf}|\p{Cs}/u.test(line)).toBe(false);
    }),
  );
});
