import { expect, test } from "bun:test";
import fc from "fast-check";
import { localMoment } from "./local-moment.ts";

test("a day and a time of day are those of this place", () => {
  expect(localMoment("2026-11-25")).toBe(new Date(2026, 10, 25).toISOString());
  expect(localMoment("2026-11-25 14:05")).toBe(new Date(2026, 10, 25, 14, 5).toISOString());
  expect(localMoment("2026-11-25T14:05:06.5")).toBe(new Date(2026, 10, 25, 14, 5, 6, 500).toISOString());
});

test("what is no such thing stays as it is", () => {
  for (const typed of [
    "10m",
    "",
    "yesterday",
    "2026-13-01",
    "2026-02-30",
    "2026-06-31 10:00",
    "2026-11-25T25:00",
    "2026-11-25T14:00:00Z",
    "2026-11-25 14",
  ]) {
    expect(localMoment(typed)).toBe(typed);
  }
  fc.assert(
    fc.property(fc.string(), (typed) => {
      expect(localMoment(typed)).toBe(typed);
    }),
  );
});
