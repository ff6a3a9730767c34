import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { findRuns, spread } from "./runs.ts";
import type { Run } from "./system.ts";

const folder = mkdtempSync(join(tmpdir(), "banger-runs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const KIB = 1024;

/** A sparse file with bytes at these places. */
function make(name: string, bytes: number, places: readonly (readonly [offset: number, text: string])[]): string {
  writeFileSync(at(name), "");
  truncateSync(at(name), bytes);
  const file = openSync(at(name), "r+");
  for (const [offset, text] of places) writeSync(file, text, offset);
  closeSync(file);
  return at(name);
}

/** What `spread` is to be given. */
function packed(path: string, runs: readonly Run[]): string {
  const content = readFileSync(path);
  writeFileSync(at("packed"), Buffer.concat(runs.map(([start, bytes]) => content.subarray(start, start + bytes))));
  return at("packed");
}

test("are where there is content, by whole blocks, up to the end of the file", async () => {
  const path = make("a", 1_000_001, [
    [5000, "one"],
    [500_000, "two"],
    [1_000_000, "z"],
  ]);
  expect(await findRuns(path, 100)).toEqual([
    [4096, 4096],
    [499_712, 4096],
    [999_424, 577],
  ]);
  expect(await findRuns(make("none", 100_000, []), 100)).toEqual([]);
  expect(await findRuns(make("empty", 0, []), 100)).toEqual([]);
});

test("do not depend on holes: zeros that were written are none", async () => {
  const path = make("zeros", 2 ** 20, [[300 * KIB, "x"]]);
  writeFileSync(at("dense"), readFileSync(path));
  expect(await findRuns(at("dense"), 100)).toEqual(await findRuns(path, 100));
});

test("are no more than asked for, with the longest gaps kept", async () => {
  const places = Array.from({ length: 64 }, (_, index) => [index * (64 + index) * KIB, "x"] as const);
  const path = make("many", 20 * 2 ** 20, places);
  const all = await findRuns(path, 1000);
  const few = await findRuns(path, 10);
  expect(all.length).toBeGreaterThan(40);
  expect(few.length).toBeLessThanOrEqual(10);
  await spread(packed(path, few), at("few"), 20 * 2 ** 20, few);
  expect(readFileSync(at("few")).equals(readFileSync(path))).toBe(true);
});

test("spread again they are the file, and take no more room", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(4 * 2 ** 20), fc.string({ minLength: 1, maxLength: 9000 })), { maxLength: 12 }),
      fc.integer({ min: 1, max: 20 }),
      async (places, most) => {
        const path = make("any", 5 * 2 ** 20, places);
        const runs = await findRuns(path, most);
        expect(runs.length).toBeLessThanOrEqual(most);
        rmSync(at("out"), { force: true });
        await spread(packed(path, runs), at("out"), 5 * 2 ** 20, runs);
        expect(readFileSync(at("out")).equals(readFileSync(path))).toBe(true);
        const taken = runs.reduce((sum, [, bytes]) => sum + bytes, 0);
        expect(statSync(at("out")).blocks * 512).toBeLessThanOrEqual(taken + 64 * KIB);
      },
    ),
    { numRuns: 60 },
  );
});

test("of which too few bytes are there leave nothing behind", async () => {
  writeFileSync(at("short"), "abc");
  await expect(spread(at("short"), at("half"), 10_000, [[4096, 100]])).rejects.toThrow("ends at 3");
  await expect(spread(at("short"), at("short"), 10_000, [])).rejects.toThrow(/EEXIST/);
  expect(() => statSync(at("half"))).toThrow();
});
