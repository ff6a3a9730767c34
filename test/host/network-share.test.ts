/** What pasta and the rules hold is everybody's: a guest that takes all it can get leaves others theirs. */
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { processesOf, REPOSITORY } from "../support/world.ts";
import { openNetworkWorld } from "./network-world.ts";

const MODE = process.getuid?.() === 0 ? "rooted" : "rootless";

test("a guest that begins more than its part keeps no other from beginning", async () => {
  await using world = await openNetworkWorld();
  await using undo = new AsyncDisposableStack();
  const home = mkdtempSync("/tmp/bgs-");
  undo.defer(() => rmSync(home, { recursive: true, force: true }));
  const [program = "", ...words] = world.argv([process.execPath, join(REPOSITORY, "test/host/network-share.ts"), home, MODE]);
  const found = JSON.parse(execFileSync(program, words, { encoding: "utf8", timeout: 150_000 })) as {
    readonly connects: boolean;
    readonly begun: number;
    readonly tookMs: number;
    readonly converses: boolean;
    readonly isToldSo: boolean;
  };
  expect(found).toMatchObject({ connects: true, converses: true, isToldSo: true });
  // 2,000 at once, and 1,000 a second besides.
  expect(found.begun).toBeLessThan(2_010 + found.tookMs);
  expect(processesOf(home)).toEqual([]);
}, 200_000);
