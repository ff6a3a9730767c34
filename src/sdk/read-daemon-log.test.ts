import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followDaemonLog, readDaemonLog } from "./read-daemon-log.ts";

let path: string;
beforeEach(() => void (path = join(mkdtempSync(join(tmpdir(), "banger-log-")), "daemon.log")));
afterEach(() => rmSync(join(path, ".."), { recursive: true }));

test("no log is no lines", () => expect(readDaemonLog(path, 5)).toEqual({ lines: [], endOffset: 0 }));

test("the last lines are read, from what was set aside too, and a line that is not whole is left out", () => {
  writeFileSync(`${path}.1`, "a\nb\n");
  writeFileSync(path, "c\nd\nhalf");
  expect(readDaemonLog(path, 2).lines).toEqual(["c", "d"]);
  expect(readDaemonLog(path, 3).lines).toEqual(["b", "c", "d"]);
  expect(readDaemonLog(path, 9).lines).toEqual(["a", "b", "c", "d"]);
  expect(readDaemonLog(path, 0).lines).toEqual([]);
});

test("all of a log is read when all lines are wanted, however long it is", () => {
  const lines = (from: number): string => Array.from({ length: 100_000 }, (_, at) => `${String(from + at).padStart(70)}\n`).join("");
  writeFileSync(`${path}.1`, lines(0));
  writeFileSync(path, lines(100_000));
  const read = readDaemonLog(path, Infinity).lines;
  expect(read.length).toBe(200_000);
  expect([read[0], read.at(-1)].map(Number)).toEqual([0, 199_999]);
});

test("what is added is followed, each line once, also when the log starts anew", async () => {
  writeFileSync(path, "old\nha");
  const stop = new AbortController();
  const lines = followDaemonLog(path, "old\n".length, stop.signal);
  const next = async (): Promise<string> => String((await lines.next()).value);
  const first = next();
  appendFileSync(path, "lf\nmore\n");
  expect([await first, await next()]).toEqual(["half", "more"]);
  const after = next();
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  appendFileSync(path, "new\n");
  expect(await after).toBe("new");
  const last = lines.next();
  stop.abort();
  await expect(last).rejects.toThrow();
});
