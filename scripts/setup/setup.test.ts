import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executableIn } from "./build.mjs";
import { missingOf } from "./packages.mjs";
import { isAtLeast } from "./rust.mjs";
import { digestOf } from "./stamp.mjs";
import { firstFree, hasRange } from "./user-ids.mjs";

describe("versions", () => {
  test.each([
    ["1.85.0", "1.85", true],
    ["1.96.0", "1.85", true],
    ["2.0.0", "1.85", true],
    ["1.84.9", "1.85", false],
    ["1.63.0", "1.85", false],
    ["1.86.0-nightly", "1.86.0", true],
  ])("%s is at least %s: %p", (found, wanted, answer) => {
    expect(isAtLeast(found, wanted)).toBe(answer);
  });

  test("no version is never enough", () => {
    expect(isAtLeast(undefined, "1.0")).toBe(false);
  });
});

describe("ranges of user ids", () => {
  test("are found by name or number, when long enough", () => {
    const text = "root:1:65536\nann:100000:65536\n1001:200000:65536\nbob:300000:1000\n";
    expect(hasRange(text, "ann", 1000)).toBe(true);
    expect(hasRange(text, "cat", 1001)).toBe(true);
    expect(hasRange(text, "bob", 1002)).toBe(false);
    expect(hasRange(text, "dan", 1003)).toBe(false);
    expect(hasRange("", "ann", 1000)).toBe(false);
  });
});

describe("a range to add", () => {
  test("begins above every other", () => {
    expect(firstFree("")).toBe(100_000);
    expect(firstFree("ann:100000:65536\nbob:231072:65536\nnonsense\n")).toBe(296_608);
  });
});

describe("packages", () => {
  test("are missing when one of their proofs is", () => {
    const packages = [
      { name: "here", proof: ["sh", "/etc/passwd"] },
      { name: "half", proof: ["sh", "/no/such/file"] },
      { name: "gone", proof: ["no-such-program"] },
    ];
    expect(missingOf(packages).map(({ name }) => name)).toEqual(["half", "gone"]);
  });
});

describe("what cargo built", () => {
  test("is found by name among its messages", () => {
    const messages = [
      '{"reason":"compiler-artifact","target":{"name":"libc"},"executable":null}',
      '{"reason":"compiler-artifact","target":{"name":"banger-agent"},"executable":"/t/banger-agent"}',
      '{"reason":"build-finished","success":true}',
      "",
    ].join("\n");
    expect(executableIn(messages, "banger-agent")).toBe("/t/banger-agent");
    expect(executableIn(messages, "other")).toBeUndefined();
  });
});

describe("the digest of sources", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "banger-stamp-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("changes with a content, a name and a file that comes or goes", () => {
    writeFileSync(join(folder, "a"), "1");
    const seen = [digestOf([folder])];
    writeFileSync(join(folder, "a"), "2");
    seen.push(digestOf([folder]));
    writeFileSync(join(folder, "b"), "");
    seen.push(digestOf([folder]));
    rmSync(join(folder, "a"));
    seen.push(digestOf([folder]));
    expect(new Set(seen).size).toBe(4);
    expect(digestOf([folder])).toBe(digestOf([folder, join(folder, "gone")]));
  });
});
