/**
 * Kernels and images on a disk that fills up, each time somewhere else on the way: what fails names the disk and what to type, leaves nothing, and is
 * done by the same words once there is room. The disk is real, in a mount namespace of the test's own.
 *
 * BANGER_TEST_FULL: it fills up after every block of a whole way, and also where the daemon's own records have another disk; else after some.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeKernelElf } from "../../src/kernels/formats/made-elf.ts";
import { writeLittleCompiler, writeSource } from "../support/little-compiler.ts";
import { openNamespaces, type Namespaces } from "../support/namespaces.ts";
import { makeRandom, sample, SEED } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { offer } from "../support/offered-bundle.ts";
import { putLittleImage } from "../support/little-image.ts";
import { makeSilentKernel } from "../support/silent-kernel.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

/** Of what is tried; of all that there is room for where it is the whole. */
const SAMPLE = 4;
const BLOCK_BYTES = 64 * 1024;
/** Nothing makes it smaller: its bundle is as large. */
const KERNEL_BYTES = 1024 * 1024;

setDefaultTimeout(isFull ? 1_800_000 : 180_000);

const random = makeRandom();
const home = mkdtempSync("/tmp/banger-full-");
/** Where the little disk is, and what lies elsewhere. */
const [disk, given] = [join(home, "disk"), join(home, "given")];
let inside: Namespaces;
let world: World;

/** @param isAll whether all that is the daemon's is on the little disk. */
async function openPlace(isAll: boolean): Promise<void> {
  for (const path of [disk, given]) mkdirSync(path, { recursive: true });
  const programs = join(home, "programs");
  writeLittleCompiler(programs);
  // As large as a build wants to find, and as empty.
  const mount = `mount -t tmpfs -o size=64m,mode=700 tmpfs ${disk} && mount -t tmpfs -o size=5g tmpfs /var/tmp`;
  inside = await openNamespaces(["--mount"], mount);
  world = await openWorld({
    prefix: inside.argv([]),
    env: {
      XDG_DATA_HOME: `${disk}/data`,
      XDG_CACHE_HOME: `${disk}/cache`,
      ...(isAll ? { XDG_STATE_HOME: `${disk}/state` } : {}),
      PATH: `${programs}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    },
  });
  mkdirSync(join(given, "kernel"));
  writeFileSync(join(given, "kernel/vmlinux"), Buffer.concat([makeSilentKernel("hello"), randomBytes(KERNEL_BYTES)]));
  writeSource(join(given, "linux"), { object: randomBytes(KERNEL_BYTES) });
  await offerBundles();
}

async function closePlace(): Promise<void> {
  await closeWorld(world);
  await inside[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
}

function run(script: string): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...inside.argv(["sh", "-ec", script])]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}

/** @param bytes undefined for enough. */
function leaveFree(bytes: number | undefined, mount = disk): void {
  const used = Number(run(`df --output=used -k ${mount} | tail -n 1`)) * 1024;
  run(`mount -o remount,size=${used + (bytes ?? 64 * 2 ** 20)} ${mount}`);
}

/** A catalog with a bundle of the kernel and one with a bundle of the image, beside the disk. */
async function offerBundles(): Promise<void> {
  await world.ok(["kernel", "import", "offered", "--from", join(given, "kernel")]);
  putImage("offered");
  for (const [type, catalog] of [
    ["kernel", "acme"],
    ["image", "images"],
  ] as const) {
    const folder = join(given, catalog);
    mkdirSync(folder);
    const { publicKey } = await offer(world, type, "offered", folder, "offered", catalog);
    await world.ok(["catalog", "add", catalog, join(folder, "catalog.json"), "--key", publicKey]);
  }
}

/** An image of a base and a work seed, each as large as the kernel. */
function putImage(name: string): void {
  rmSync(join(given, "image"), { recursive: true, force: true });
  putLittleImage(given, "image", { bytes: KERNEL_BYTES });
  const store = `${disk}/data/banger/images`;
  run(`mkdir -p -m 700 ${store} && cp -a --sparse=always ${given}/image ${store}/${name}`);
}

/** What is on the little disk, without what a download may go on from. */
function listed(): readonly string[] {
  return run(`cd ${disk} && find . -type f ! -path './cache/*' ! -path './state/*' | sort`).split("\n").filter(Boolean);
}

function expectNothingLeft(before: readonly string[]): void {
  expect(listed()).toEqual(before);
  expect(run("ls -A /var/tmp")).toBe("");
  // A copy: SQLite does not open one of another namespace.
  run(`rm -rf ${given}/records && mkdir ${given}/records && cp ${world.environment["XDG_STATE_HOME"]}/banger/banger.db* ${given}/records`);
  using database = new Database(join(given, "records/banger.db"));
  expect(database.query("SELECT * FROM leases").all()).toEqual([]);
}

interface Verb {
  readonly name: string;
  readonly words: readonly string[];
  readonly prepare?: () => Promise<void>;
  /** Back to where it was not done. */
  readonly reset: () => Promise<void>;
  /** How much it writes to the disk, at most. */
  readonly bytes: number;
}

const remove = async (): Promise<void> => void (await world.ok(["kernel", "delete", "k"]));

const removeImage = async (): Promise<void> => void (await world.ok(["image", "delete", "i"]));

const VERBS: readonly Verb[] = [
  {
    name: "kernel import",
    words: ["kernel", "import", "k", "--from", join(given, "kernel")],
    reset: remove,
    bytes: KERNEL_BYTES + 2 * BLOCK_BYTES,
  },
  {
    name: "kernel pull of a bundle",
    words: ["kernel", "pull", "acme/offered", "--as", "k"],
    reset: async () => {
      await remove();
      run(`rm -rf ${disk}/cache/banger/downloads`);
    },
    bytes: 2 * KERNEL_BYTES + 2 * BLOCK_BYTES,
  },
  {
    name: "kernel build",
    words: ["kernel", "build", "k", "--source", join(given, "linux")],
    prepare: async () =>
      writeSource(join(given, "linux"), {
        elf: Buffer.concat([makeKernelElf("Linux version 6.12.9 (x@y) #1\n"), randomBytes(KERNEL_BYTES)]),
      }),
    reset: async () => {
      await remove();
      writeSource(join(given, "linux"));
    },
    bytes: KERNEL_BYTES + 2 * BLOCK_BYTES,
  },
  {
    name: "kernel bundle",
    words: ["kernel", "bundle", "k", "--into", join(disk, "bundles")],
    prepare: async () => {
      run(`mkdir -p ${disk}/bundles`);
      await world.ok(["kernel", "import", "k", "--from", join(given, "kernel")]);
    },
    reset: async () => {
      run(`rm -r ${disk}/bundles`);
      await remove();
    },
    bytes: KERNEL_BYTES + BLOCK_BYTES,
  },
  {
    name: "image pull of a bundle",
    words: ["image", "pull", "images/offered", "--name", "i"],
    reset: async () => {
      await removeImage();
      run(`rm -rf ${disk}/cache/banger/downloads`);
    },
    // The seed is there twice before what it came as goes.
    bytes: 5 * KERNEL_BYTES + 2 * BLOCK_BYTES,
  },
  {
    name: "image bundle",
    words: ["image", "bundle", "i", "--into", join(disk, "bundles")],
    prepare: async () => {
      run(`mkdir -p ${disk}/bundles`);
      putImage("i");
    },
    reset: async () => {
      run(`rm -r ${disk}/bundles`);
      await removeImage();
    },
    bytes: 2 * KERNEL_BYTES + BLOCK_BYTES,
  },
];

/** Which disk, and what to type. */
const FULL = new RegExp(
  String.raw`^error: cannot [^\n]*: the disk that holds ${disk}[^\n]*\ntry: make room there: df -h ${disk}[^\n]*\n$`,
  "m",
);

describe.each([["everything", true], ...(isFull ? [["kernels", false] as const] : [])] as const)(
  `where a disk has %s (seed ${SEED})`,
  (_what, isAll) => {
    beforeAll(() => openPlace(isAll));
    afterAll(closePlace);

    describe("one that is full", () => {
      test.each(VERBS.map((verb) => [verb.name, verb] as const))(
        "%s says so, leaves nothing, and is done when there is room",
        async (_name, verb) => {
          const all = Array.from({ length: Math.ceil(verb.bytes / BLOCK_BYTES) + 1 }, (_, at) => at * BLOCK_BYTES);
          let refused = 0;
          for (const free of isFull ? all : [0, ...sample(all.slice(1), SAMPLE, random)]) {
            await verb.prepare?.();
            await world.ok(["kernel", "list"]);
            const before = listed();
            leaveFree(free);
            const ran = await world.banger(verb.words);
            leaveFree(undefined);
            if (ran.code !== 0) {
              refused += 1;
              expect({ free, ...ran }).toMatchObject({ code: 1, stderr: expect.stringMatching(FULL) });
              expectNothingLeft(before);
              await world.ok(verb.words);
            }
            await verb.reset();
          }
          expect(refused).toBeGreaterThan(0);
        },
      );
    });

    describe("a /var/tmp that is full", () => {
      const words = ["kernel", "build", "k", "--source", join(given, "linux")];
      const enough = (): string => run("mount -o remount,size=5g /var/tmp");

      test("before a build begins is told with what to do", async () => {
        leaveFree(1024 * 1024, "/var/tmp");
        const ran = await world.banger(words);
        enough();
        expect(ran).toMatchObject({
          code: 1,
          stderr:
            "error: cannot build a kernel: it takes 4 GiB in /var/tmp, which has 1 MiB\ntry: make room there: df -h /var/tmp; banger system prune\n",
        });
        expectNothingLeft([]);
        await world.ok(words);
        await remove();
      });

      test("while it compiles is told as such, and not as a source that does not compile", async () => {
        writeFileSync(join(given, "linux/seconds"), "2");
        const before = listed();
        const running = world.banger(words);
        for (const deadline = Date.now() + 30_000; run("ls /var/tmp/*/out/started 2> /dev/null || :") === ""; await Bun.sleep(20))
          if (Date.now() > deadline) throw new Error("it never compiles");
        leaveFree(BLOCK_BYTES, "/var/tmp");
        const ran = await running;
        enough();
        rmSync(join(given, "linux/seconds"));
        expect(ran).toMatchObject({
          code: 1,
          stderr: expect.stringContaining(
            "error: cannot build kernel k: the disk that holds /var/tmp is full\ntry: make room there: df -h /var/tmp; banger system prune\n",
          ),
        });
        expectNothingLeft(before);
        await world.ok(words);
        await remove();
      });
    });
  },
);
