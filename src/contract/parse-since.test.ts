import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseSince } from "./parse-since.ts";

test.each([
  ["10m", { agoMs: 600_000 }],
  ["2026-11-25T14:00:00Z", { atMs: Date.UTC(2026, 10, 25, 14) }],
  ["2026-11-25 14:00:00.5+01:00", { atMs: Date.UTC(2026, 10, 25, 13, 0, 0, 500) }],
  ["2026-11-25", undefined],
  ["2026-11-25T14:00:00", undefined],
  ["2026-13-25T14:00:00Z", undefined],
  ["yesterday", undefined],
  ["", undefined],
])("%p is %p", (text, moment) => expect(parseSince(text)).toEqual(moment as never));

test("a point in time is read as it is written", () => {
  const date = fc.date({ min: new Date(0), max: new Date(Date.UTC(2100, 0)), noInvalidDate: true });
  fc.assert(fc.property(date, (at) => expect(parseSince(at.toISOString())).toEqual({ atMs: at.getTime() })));
});
