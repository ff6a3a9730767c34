import { expect, test } from "bun:test";
import { showLogLine } from "./log-line.ts";

test("an entry is one line with its fields, and traces below it", () => {
  const line = JSON.stringify({ at: "2026-01-02T03:04:05Z", level: "warn", message: "a vm", pid: 7, error: "Error: x\n    at y" });
  expect(showLogLine(line)).toBe("2026-01-02T03:04:05Z warn  a vm  pid=7\n    error:\n    Error: x\n        at y\n");
});

test("what is no entry is shown all the same, and nothing drives the terminal", () => {
  expect(showLogLine("panic: \x1b[2J")).toBe("panic: \\x1b[2J\n");
  expect(showLogLine("[1]")).toBe("[1]\n");
  const hostile = JSON.stringify({ at: "t", level: "info", message: "\x1b]0;x\x07", "\x1b[k": "\x9b", trace: "a\n\x1b[2J" });
  expect(showLogLine(hostile)).not.toMatch(/[^\P{Cc}\n]/u);
});
