/** Disks by the real mke2fs and resize2fs; nothing is mounted. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LAYER_BYTES } from "../../src/disks/disks.ts";
import { makeDisks } from "../../src/disks/make-disks.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { System } from "../../src/system/system.ts";
import { makeMemoryLeases } from "./images-memory-leases.ts";
import { silentLog } from "./images-silent-log.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const { signal } = new AbortController();
let home: string;
let system: System;

beforeEach(() => {
  home = mkdtempSync("/tmp/banger-disks-");
  system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, silentLog);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function requireSound(path: string, bytes: number): Promise<void> {
  await system.processes.runOk(["e2fsck", "-fn", path], { timeoutMs: 60_000 });
  const { stdout } = await system.processes.runOk(["dumpe2fs", "-h", path], { timeoutMs: 10_000 });
  expect(Number(/Block count:\s+(\d+)/.exec(stdout)?.[1]) * 4096).toBe(bytes);
  expect((await system.files.find(path))?.bytes).toBe(bytes);
}

describe("a layer", () => {
  test("comes from the pool, sound and nearly empty", async () => {
    const leases = makeMemoryLeases();
    const disks = makeDisks({ system, leases, poolCount: 2 });
    await Promise.all([disks.refill(signal), disks.refill(signal)]);
    expect(await system.files.list(system.layout.blanks)).toHaveLength(2);
    expect(leases.list()).toEqual([]);
    const path = join(home, "layer");
    expect(await disks.openLayer(path, DEFAULT_LAYER_BYTES, signal)).toEqual({ fromPool: true });
    expect(await disks.allocatedBytes(path)).toBeLessThan(MIB);
    await requireSound(path, DEFAULT_LAYER_BYTES);
    const { stdout } = await system.processes.runOk(["dumpe2fs", path], { timeoutMs: 10_000, maxOutputBytes: 8 * MIB });
    expect(stdout.match(/^Group \d+:.*$/gm)?.filter((line) => !line.includes("ITABLE_ZEROED"))).toEqual([]);
  });

  test("of another size is made at once", async () => {
    const disks = makeDisks({ system });
    const path = join(home, "layer");
    expect(await disks.openLayer(path, 3 * GIB, signal)).toEqual({ fromPool: false });
    await requireSound(path, 3 * GIB);
  });

  test("never replaces a disk that is there", async () => {
    const disks = makeDisks({ system });
    const path = join(home, "layer");
    await system.files.write(path, "precious");
    expect(await disks.openLayer(path, GIB, signal).catch((error: unknown) => error)).toMatchObject({ code: "disk_exists" });
    expect(await system.files.readText(path)).toBe("precious");
  });

  test("that cannot be made leaves nothing", async () => {
    const disks = makeDisks({
      system: {
        ...system,
        processes: {
          ...system.processes,
          run: async () => ({ code: 1, signal: undefined, stdout: "", stderr: "mke2fs: No space left on device" }),
        },
      },
    });
    const path = join(home, "layer");
    expect(await disks.openLayer(path, GIB, signal).catch((error: unknown) => error)).toMatchObject({
      code: "disk_full",
      hint: expect.stringContaining("df -h"),
    });
    expect(await system.files.find(path)).toBeUndefined();
  });
});

test("every disk is synced, and so is the folder that has its name, before it counts as made", async () => {
  const synced: string[] = [];
  const sync = async (path: string): Promise<void> => {
    await system.files.sync(path);
    synced.push(path);
  };
  const disks = makeDisks({ system: { ...system, files: { ...system.files, sync } } });
  const paths = ["layer", "empty", "work"].map((name) => join(home, name));
  const [layer = "", empty = "", work = ""] = paths;
  await disks.openLayer(layer, GIB, signal);
  await disks.openWorkDisk(empty, undefined, GIB, signal);
  await disks.openWorkDisk(work, layer, GIB, signal);
  expect(synced).toEqual(paths.flatMap((path) => [path, home]));
});

describe("a work disk", () => {
  const seedBytes = 2 * GIB;
  const withSeed = async (): Promise<string> => {
    const seed = join(home, "seed");
    await makeDisks({ system }).openLayer(seed, seedBytes, signal);
    return seed;
  };

  test("is a sparse clone of its seed", async () => {
    const seed = await withSeed();
    const path = join(home, "work");
    await makeDisks({ system }).openWorkDisk(path, seed, seedBytes, signal);
    await requireSound(path, seedBytes);
    expect((await system.files.find(path))?.allocatedBytes ?? Infinity).toBeLessThan(MIB);
  });

  test("larger than the seed only has a larger file: the guest grows what is in it", async () => {
    const seed = await withSeed();
    const path = join(home, "work");
    await makeDisks({ system }).openWorkDisk(path, seed, 300 * GIB, signal);
    expect((await system.files.find(path))?.bytes).toBe(300 * GIB);
    expect((await system.files.find(path))?.allocatedBytes ?? Infinity).toBeLessThan(MIB);
    await system.processes.runOk(["e2fsck", "-fn", path], { timeoutMs: 60_000 });
  });

  test("smaller than the seed is shrunk before a guest sees it", async () => {
    const seed = await withSeed();
    const path = join(home, "work");
    await makeDisks({ system }).openWorkDisk(path, seed, 512 * MIB, signal);
    await requireSound(path, 512 * MIB);
  });

  test("without a seed is a blank", async () => {
    const path = join(home, "work");
    await makeDisks({ system }).openWorkDisk(path, undefined, GIB, signal);
    await requireSound(path, GIB);
  });
});
