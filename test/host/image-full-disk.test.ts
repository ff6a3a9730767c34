/**
 * Images of one's own on a disk that fills up, each time somewhere else on the way: what fails names the disk and what to type, leaves
 * nothing, and is done by the same words once there is room. The disk is real, in a mount namespace of the test's own.
 *
 * BANGER_TEST_FULL: it fills up after every block of a whole way; else after some.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFileSystem, makeQcow2, makeRoot, MIB } from "../support/made-disks.ts";
import { makeRandom, sample, SEED } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { openSmallDisks, type SmallDisks } from "../support/small-disks.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

/** Of what is tried. */
const SAMPLE = 4;
const BLOCK_BYTES = 128 * 1024;
/** Nothing makes it smaller. */
const CONTENT_BYTES = MIB;

setDefaultTimeout(isFull ? 1_800_000 : 180_000);

const random = makeRandom();
const home = mkdtempSync("/tmp/banger-full-");
const [disk, given] = [join(home, "disk"), join(home, "given")];
const [root, little] = [join(given, "root"), join(given, "little")];
let disks: SmallDisks;
let world: World;

beforeAll(async () => {
  for (const path of [disk, given]) mkdirSync(path, { recursive: true });
  makeRoot(root);
  mkdirSync(join(little, "etc"), { recursive: true });
  writeFileSync(join(root, "srv/content"), randomBytes(CONTENT_BYTES));
  const ext4 = makeFileSystem("ext4", root, join(given, "root.ext4"), 8 * MIB);
  makeQcow2(ext4, join(given, "root.qcow2"));
  disks = await openSmallDisks(disk);
  const [data, cache] = [`${disk}/data`, `${disk}/cache`];
  world = await openWorld({ prefix: disks.argv([]), env: { XDG_DATA_HOME: data, XDG_CACHE_HOME: cache } });
  disks.run(`mkdir ${disk}/bundles`);
  // What the daemon keeps of its own is there.
  await world.ok(["image", "import", "first", "--from", root]);
  await world.ok(["image", "delete", "first"]);
});
afterAll(async () => {
  await closeWorld(world);
  await disks[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const listed = (): string => disks.run(`cd ${disk} && find . -type f ! -path './cache/*' | sort; ls -A data/banger/images`);
/** It has a home for root: what there was no room for is not left out. */
const removeWhole = async (): Promise<void> => {
  expect(await world.json(["image", "show", "i"])).toMatchObject({ hasWorkSeed: true });
  await remove();
};
const remove = async (): Promise<void> => void (await world.ok(["image", "delete", "i"]));

/** Which disk, and what to type. */
const FULL = new RegExp(
  String.raw`^error: cannot [^\n]*: the disk that holds ${disk}[^\n]*\ntry: make room there: df -h ${disk}[^\n]*\n$`,
  "m",
);

/** With how much each writes to the disk, at most. */
const VERBS = [
  ["image import of a folder", ["image", "import", "i", "--from", root], 4 * MIB, remove],
  ["image import of next to nothing", ["image", "import", "i", "--from", little], 2 * MIB, removeWhole],
  ["image register", ["image", "register", "i", "--from", join(given, "root.ext4")], 4 * MIB, remove],
  ["image register of a qcow2", ["image", "register", "i", "--from", join(given, "root.qcow2")], 10 * MIB, remove],
  [
    "internal make-bundle",
    ["internal", "make-bundle", "i", "--from", root, "--into", join(disk, "bundles")],
    6 * MIB,
    async () => void disks.run(`rm ${disk}/bundles/*`),
  ],
] as const;

describe(`where a disk is full (seed ${SEED})`, () => {
  test.each(VERBS)("%s says so, leaves nothing, and is done when there is room", async (_name, words, bytes, reset) => {
    const all = Array.from({ length: bytes / BLOCK_BYTES }, (_, at) => at * BLOCK_BYTES);
    let refused = 0;
    for (const free of isFull ? all : [0, ...sample(all.slice(1, 16), SAMPLE, random)]) {
      const before = listed();
      disks.leaveFree(disk, free);
      const ran = await world.banger(words);
      disks.leaveFree(disk, undefined);
      if (ran.code !== 0) {
        refused += 1;
        expect({ free, ...ran }).toMatchObject({ code: 1, stderr: expect.stringMatching(FULL) });
        disks.typeHint(ran.stderr);
        expect(listed()).toBe(before);
        await world.ok(words);
      }
      await reset();
    }
    expect(refused).toBeGreaterThan(0);
  });
});
