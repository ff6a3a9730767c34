import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { giveBackMemory, unwrittenMappings } from "./own-memory.ts";

const entry = (range: string, modes: string, path: string, anonymous: number): string =>
  `${range} ${modes} 00000000 fe:00 2064 ${path}\nSize: 100 kB\nRss: 50 kB\nAnonymous: ${anonymous} kB\nVmFlags: rd mr mw me\n`;

test.each([
  ["code", entry("200000-203000", "r-xp", "                   /opt/banger", 0), 1],
  ["constants", entry("200000-203000", "r--p", "/opt/banger", 0), 1],
  ["code of a program that was replaced", entry("200000-203000", "r-xp", "/opt/banger (deleted)", 0), 1],
  ["what the loader wrote before it closed it", entry("200000-203000", "r--p", "/opt/banger", 4), 0],
  ["data", entry("200000-203000", "rw-p", "/opt/banger", 0), 0],
  ["what others see", entry("200000-203000", "r-xs", "/opt/banger", 0), 0],
  ["another's code", entry("200000-203000", "r-xp", "/lib/banger/opt/banger", 0), 0],
  ["no file", entry("200000-203000", "r-xp", "", 0), 0],
  ["nonsense", "banger", 0],
])("%s", (_name, text, found) => {
  const all = unwrittenMappings(
    `${entry("100000-101000", "r-xp", "/lib/libc.so.6", 0)}${text}${entry("7f00-8000", "rw-p", "[heap]", 9)}`,
    "/opt/banger",
  );
  expect(all).toEqual(found === 0 ? [] : [{ start: 0x20_0000n, bytes: 0x3000n }]);
});

test("memory of this very program is given back, and it goes on", () => {
  const residentKiB = (): number => Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]);
  const before = residentKiB();
  giveBackMemory();
  expect(residentKiB()).toBeLessThan(before * 0.8);
  expect(JSON.parse(JSON.stringify({ goes: ["on"] }))).toEqual({ goes: ["on"] });
});
