import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeLogSink } from "./log-sink.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "banger-log-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a log keeps below its size, and the lines before the newest are beside it", () => {
  const path = join(folder, "daemon.log");
  const descriptor = openSync(path, "a");
  const sink = makeLogSink(descriptor);
  sink.keepBelow(path, 100);
  for (let number = 0; number < 57; number += 1) {
    sink.write(`line ${number}\n`);
    expect(statSync(path).size).toBeLessThanOrEqual(100);
  }
  closeSync(descriptor);
  const kept = `${readFileSync(`${path}.1`, "utf8")}${readFileSync(path, "utf8")}`;
  const lines = kept.trimEnd().split("\n");
  expect(lines.at(-1)).toBe("line 56");
  expect(lines).toEqual(lines.map((_, at) => `line ${57 - lines.length + at}`));
  expect(lines.length).toBeGreaterThan(10);
});

test("a log that goes elsewhere is left alone", () => {
  const path = join(folder, "other");
  const descriptor = openSync(path, "a");
  const sink = makeLogSink(descriptor);
  sink.keepBelow(join(folder, "daemon.log"), 10);
  sink.write("more than ten bytes\n");
  sink.write("and once more\n");
  closeSync(descriptor);
  expect(readFileSync(path, "utf8")).toBe("more than ten bytes\nand once more\n");
  expect(existsSync(`${path}.1`)).toBe(false);
});
