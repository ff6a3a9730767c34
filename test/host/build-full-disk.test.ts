/**
 * Images made of guests and by Dockerfiles on disks that fill up, each time somewhere else on the way: that of the stores, and that of the vms.
 * What fails names the disk and what to type, leaves nothing, disturbs nobody, and is done by the same words once there is room.
 *
 * Guests are of driver fake: their disks are real, what they give away is little. BANGER_TEST_FULL: after every block of a whole way; else with
 * nothing free, and then ever nearer to just not enough.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRoot, MIB } from "../support/made-disks.ts";
import { makeRandom, SEED } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { makeSilentKernel } from "../support/silent-kernel.ts";
import { openSmallDisks, type SmallDisks } from "../support/small-disks.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

const BLOCK_BYTES = 128 * 1024;
/** A part of a whole way that is small enough to be called just not enough. */
const NEAR = 1 / 5;
/** Of each part that is written; nothing makes it smaller. */
const PART_BYTES = MIB;
const DISK_BYTES = 12 * MIB;

setDefaultTimeout(isFull ? 1_800_000 : 180_000);

const random = makeRandom();
const home = mkdtempSync("/tmp/banger-full-");
const [store, state, given] = [join(home, "store"), join(home, "state"), join(home, "given")];
let disks: SmallDisks;
let world: World;
let daemon: number | undefined;

beforeAll(async () => {
  for (const path of [store, state, given, join(given, "context")]) mkdirSync(path, { recursive: true });
  disks = await openSmallDisks(store, state);
  world = await openWorld({
    prefix: disks.argv([]),
    config: '[drivers]\norder = ["fake"]\n',
    env: { XDG_DATA_HOME: `${store}/data`, XDG_CACHE_HOME: `${store}/cache`, XDG_STATE_HOME: state },
  });
  // Root's home becomes the work seed, of which each vm's work disk is a copy.
  const root = makeRoot(join(given, "root"));
  writeFileSync(join(root, "root/content"), randomBytes(PART_BYTES));
  writeFileSync(join(given, "vmlinux"), makeSilentKernel("hello"));
  copyFileSync("/bin/busybox", join(given, "context/busybox"));
  writeFileSync(join(given, "context/content"), randomBytes(PART_BYTES));
  writeFileSync(join(given, "Dockerfile"), "FROM scratch\nCOPY busybox content /\n");
  writeFileSync(join(given, "ours.dockerfile"), "FROM base\nCOPY content /\n");
  // The root of a guest that is a process here is a folder here.
  const guests = `${world.folder}/run/banger/v/*/root`;
  const step = `for each in ${guests}; do head -c ${PART_BYTES} /dev/urandom > $each/content; done`;
  writeFileSync(join(given, "recipe.toml"), `kernel = "k"\nnetwork = false\n[[steps]]\nrun = "true"\n[[steps]]\nrun = "${step}"\n`);
  await world.ok(["kernel", "import", "k", "--from", given]);
  await world.ok(["image", "import", "base", "--from", root, "--kernel-ref", "k"]);
  await world.ok(["vm", "create", "dev", "--image", "base"]);
  // More than the daemon has in reserve for its own.
  disks.run(
    `for each in ${state}/banger/vms/*/work.ext4; do head -c ${DISK_BYTES} /dev/urandom | dd of=$each bs=1M seek=1024 conv=notrunc; done`,
  );
  daemon = world.daemonPid();
});
afterAll(async () => {
  await closeWorld(world);
  await disks[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** Steps of builds that were done are kept, by their digests. */
const listed = (): string =>
  disks.run(`cd ${store} && find data/banger -mindepth 2 -maxdepth 2 | grep -Ev '/builds/[0-9a-f]{64}$' | sort; ls -A ${state}/banger/vms`);

/** Of what is fetched only documents stay. */
const fetched = (): string => disks.run(`find ${store}/cache/banger/downloads -type f -size +16k 2> /dev/null || :`);

/** Whatever was refused. */
async function expectOrder(): Promise<void> {
  expect(world.daemonPid()).toBe(daemon as number);
  const [{ uses }, vms, images, said] = await Promise.all([
    world.json<{ uses: readonly { kind: string; count: number }[] }>(["system", "df"]),
    world.json(["vm", "list"]),
    world.json(["image", "list"]),
    world.ok(["exec", "dev", "--", "echo", "here"]),
  ]);
  expect(uses.find(({ kind }) => kind === "leftover")).toMatchObject({ count: 0 });
  expect(vms).toMatchObject({ vms: [{ name: "dev", state: "running" }] });
  expect(images).toMatchObject({ images: [{ name: "base", problems: [] }] });
  expect(said).toBe("here\n");
}

async function reset(): Promise<void> {
  await world.ok(["image", "delete", "i"]);
  disks.run(`rm -rf ${store}/data/banger/builds/*`);
}

interface Case {
  readonly name: string;
  readonly words: readonly string[];
  readonly disk: string;
  /** With so much free it is done. */
  readonly bytes: number;
  /** What is asked for before anything is made. */
  readonly least?: number;
}

const promote = ["image", "promote", "dev", "i"];
const recipe = ["image", "build", "i", "--from-image", "base", "-f", join(given, "recipe.toml")];
const dockerfile = ["image", "build", "i", join(given, "context"), "-f", join(given, "Dockerfile")];
const ofOurs = ["image", "build", "i", join(given, "context"), "-f", join(given, "ours.dockerfile")];

const CASES: readonly Case[] = [
  { name: "image promote, and the disk of the images", words: promote, disk: store, bytes: 16 * MIB },
  { name: "image promote, and the disk of the vms", words: promote, disk: state, bytes: 96 * MIB },
  { name: "image build by a recipe, and the disk of the images", words: recipe, disk: store, bytes: 10 * MIB },
  { name: "image build by a recipe, and the disk of the vms", words: recipe, disk: state, bytes: 320 * MIB, least: 256 * MIB },
  { name: "image build by a Dockerfile, and the disk of the images", words: dockerfile, disk: store, bytes: 16 * MIB },
  { name: "image build of an image of ours, and the disk of the images", words: ofOurs, disk: store, bytes: 12 * MIB },
  { name: "image build of an image of ours, and the disk of the vms", words: ofOurs, disk: state, bytes: 320 * MIB, least: 256 * MIB },
];

/** What, which disk, and what to type. */
const toldOf = (disk: string): RegExp =>
  new RegExp(
    String.raw`^error: cannot (?:promote vm dev|make image i|build image i|fetch file:[^ ]*): the disk that holds ${disk}[^\n]*\ntry: [^\n]*df -h ${disk}[^\n]*\n$`,
    "m",
  );

/** Whether it was refused, with so much free. */
async function tryWith(free: number, { words, disk }: Case): Promise<boolean> {
  const before = listed();
  disks.leaveFree(disk, free);
  const ran = await world.banger(words);
  disks.leaveFree(disk, undefined);
  if (ran.code !== 0) {
    expect({ free, ...ran }).toMatchObject({ code: 1, stderr: expect.stringMatching(toldOf(disk)) });
    disks.typeHint(ran.stderr);
    expect(listed()).toBe(before);
    expect(fetched()).toBe("");
    await expectOrder();
  } else await reset();
  return ran.code !== 0;
}

describe(`where a disk is full (seed ${SEED})`, () => {
  test.each(CASES)("$name: it says so, leaves nothing, and is done when there is room", async (each) => {
    const { bytes, least, words } = each;
    let [refused, done] = [0, bytes];
    expect(await tryWith(0, each)).toBe(true);
    if (least !== undefined) expect(await tryWith(least - BLOCK_BYTES, each)).toBe(true);
    else {
      expect(await tryWith(bytes, each)).toBe(false);
      while (done - refused > bytes * NEAR) {
        // Somewhere in the middle half.
        const free = refused + Math.trunc(((done - refused) * (25 + random(50))) / 100);
        if (await tryWith(free, each)) refused = free;
        else done = free;
      }
      if (isFull) for (let free = BLOCK_BYTES; free < done; free += BLOCK_BYTES) await tryWith(free, each);
    }
    await world.ok(words);
    await reset();
  });
});
