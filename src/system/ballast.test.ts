import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeBallast } from "./ballast.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync("/tmp/banger-ballast-");
  path = join(folder, "ballast");
});
afterEach(() => rmSync(folder, { recursive: true }));
const MIB = 2 ** 20;

test("ballast takes room, gives it back once, and takes it again when there is plenty", () => {
  let free = 1000 * MIB;
  const ballast = makeBallast(path, () => free);
  expect(ballast.release()).toBe(false);
  ballast.restore();
  expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(8 * MIB);
  expect(ballast.release()).toBe(true);
  expect(existsSync(path)).toBe(false);
  expect(ballast.release()).toBe(false);
  free = 20 * MIB;
  ballast.restore();
  expect(existsSync(path)).toBe(false);
  free = 1000 * MIB;
  ballast.restore();
  expect(makeBallast(path).release()).toBe(true);
});

test("ballast that cannot be made is left out", () => {
  const ballast = makeBallast(join(folder, "none/ballast"), () => 1000 * MIB);
  ballast.restore();
  expect(ballast.release()).toBe(false);
});
