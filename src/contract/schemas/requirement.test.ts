import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseWaitFor, probeOf, requirement, waitFor } from "./requirement.ts";

describe("what to wait for", () => {
  test.each([
    ["tcp:8080", { kind: "tcp", port: 8080 }],
    ["unit:ssh@1.service", { kind: "unit", unit: "ssh@1.service" }],
    ["file:/run/a b:c", { kind: "file", path: "/run/a b:c" }],
    ["command:test -e /x && echo a:b", { kind: "command", argv: ["sh", "-c", "test -e /x && echo a:b"] }],
  ] as const)("%p", (text, probe) => expect<unknown>(parseWaitFor(text)).toEqual(probe));

  test.each([
    "",
    "tcp",
    "tcp:",
    "tcp:0",
    "tcp:65536",
    "tcp:080",
    "tcp:8080:9",
    "unit:--now",
    "unit:a b",
    "file:relative",
    "command: ",
    "http://x",
    ":x",
  ])("%p is nothing", (text) => expect(parseWaitFor(text)).toHaveProperty("wrong"));

  test("gets a name that is a requirement's, whatever was typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }), (line) => {
        const parsed = waitFor.safeParse(`command:x${line}`);
        if (!parsed.success) return;
        const whole = requirement.parse({ ...parsed.data, deadlineMs: 1, hint: null });
        expect(whole.name.length).toBeLessThanOrEqual(80);
        expect(probeOf(whole)).toEqual({ kind: "command", argv: ["sh", "-c", `x${line}`] });
      }),
    );
  });
});

test("a requirement has no key of another kind", () => {
  const about = { name: "web", deadlineMs: 1000, hint: null };
  expect(requirement.safeParse({ kind: "tcp", port: 80, ...about }).success).toBe(true);
  for (const wrong of [
    { kind: "tcp", port: 80, path: "/x" },
    { kind: "tcp" },
    { kind: "unit", unit: "-x" },
    { kind: "file", path: "x" },
    { kind: "other" },
  ])
    expect(requirement.safeParse({ ...wrong, ...about }).success).toBe(false);
});
