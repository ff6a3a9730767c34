import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import { makeJsonLog } from "./json-log.ts";

function linesOf(write: (descriptor: number) => void): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "banger-log-"));
  const descriptor = openSync(join(folder, "log"), "w");
  try {
    write(descriptor);
    return readFileSync(join(folder, "log"), "utf8").trim().split("\n");
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

test("a line is one JSON object with time, level, message and fields", () => {
  const [line = "", ...others] = linesOf((descriptor) =>
    makeJsonLog(descriptor).warn("look\nhere", { vm: "dev", error: new TypeError("no") }),
  );
  expect(others).toEqual([]);
  expect(JSON.parse(line)).toEqual({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    level: "warn",
    message: "look\nhere",
    vm: "dev",
    error: expect.stringContaining("TypeError: no"),
  });
});

test("what was foreseen is told in one line, with what lies behind it; a bug with its trace", () => {
  const foreseen = new BangerError("unavailable", "agent_lost", "it does not answer", {
    cause: new BangerError("refused", "x", "it is asleep"),
  });
  const bug = new Error("this cannot be");
  const behind = new BangerError("refused", "y", "no", { cause: new TypeError("what is this") });
  const said = new BangerError("refused", "z", "cannot: what is this", { cause: new TypeError("what is this") });
  const missing = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
  const unfound = new BangerError("refused", "w", "cannot read it", { cause: missing });
  const errors = linesOf((descriptor) => {
    for (const error of [foreseen, bug, behind, said, unfound]) makeJsonLog(descriptor).warn("look", { error });
  }).map((line) => (JSON.parse(line) as { error: string }).error);
  expect(errors[0]).toBe("agent_lost: it does not answer; because: x: it is asleep");
  expect(errors[1]).toMatch(/this cannot be\n +at /);
  expect(errors[2]).toMatch(/^y: no; because: TypeError: what is this\n +at /);
  // A bug's words in the message are no reason to leave its trace out.
  expect(errors[3]).toMatch(/^z: cannot: what is this; because: TypeError: what is this\n +at /);
  expect(errors[4]).toBe("w: cannot read it; because: ENOENT: no such file");
});

test("to log never fails: with a full disk, a reader that went away, or fields that cannot be written", () => {
  for (const log of [makeJsonLog(openSync("/dev/full", "w")), makeJsonLog(999_999)]) log.error("nobody will read this");
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const lines = linesOf((descriptor) => makeJsonLog(descriptor).error("a circle", { circle, big: 1n, fine: 7 }));
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(["a circle"]);
});
