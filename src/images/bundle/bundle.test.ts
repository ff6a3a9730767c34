// Images written into bundles and taken out of them again; and bundles that were made to do harm.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { makeBundles } from "../../catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../catalog/fetch/open-fetcher.ts";
import { makeTar, type MadeTarEntry } from "../../catalog/unpack/made-deb.ts";
import type { Lease, Leases, OperationContext } from "../../operations/operations.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { NO_CONFIG, type ImageManifest } from "../store/image-manifest.ts";
import { makeImageStore } from "../store/image-store.ts";
import { bundleImage } from "./bundle-image.ts";
import { bundleManifest } from "./bundle-manifest.ts";
import { keepBundle, type BundleOrigin } from "./pull-bundle.ts";
import { readBundleEntry } from "./read-bundle-entry.ts";

const ignore = (): void => undefined;
/** No image here was put together by it. */
const placeLayers = (): Promise<string> => Promise.reject(new Error("not asked for"));
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const root = mkdtempSync("/tmp/bimb-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: join(root, "h") }, silent);
const held: Lease[] = [];
const leases: Leases = {
  write: (lease) => void held.push(lease),
  drop: (kind, key) => void held.splice(0, held.length, ...held.filter((lease) => lease.kind !== kind || lease.key !== key)),
  dropAllOf: ignore,
  list: () => held,
};
const store = makeImageStore(system, leases, placeLayers);
const bundles = makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), leases);
const parts = { system, bundles, store };
const context: OperationContext = {
  operationId: "test",
  signal: new AbortController().signal,
  about: ignore,
  notice: ignore,
  output: ignore,
  stage: (_name, body) => body({ progress: ignore, note: ignore }),
};
const GIB = 2 ** 30;
const SEED_BYTES = 20 * GIB;
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const origin: BundleOrigin = {
  name: "acme/web",
  arch: "amd64",
  kernelRef: "debian-6.12",
  requirements: ["web server"],
  oci: undefined,
  ownKernelRef: undefined,
};

const SQUASHFS = Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(9000, "base")]);
/** What there is of the seed: its superblock, and something far behind. */
const superblock = Buffer.alloc(4096);
superblock.writeUInt16LE(0xef53, 1080);
const FAR = 15 * GIB + 8192;

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(root, "p-"));
  rmSync(system.layout.images, { recursive: true, force: true });
});

async function putImage(name: string, change: Partial<ImageManifest> = {}): Promise<ImageManifest> {
  await using draft = await store.openDraft("test");
  const at = (file: string): string => join(draft.folder, file);
  const manifest: ImageManifest = {
    format: 1,
    source: "debian-archive",
    distro: "debian-bookworm",
    arch: "amd64",
    suite: "bookworm",
    packages: ["systemd"],
    kernelRef: "debian-6.12",
    init: "systemd",
    requirements: [{ kind: "tcp", port: 80, name: "web server", deadlineMs: 60_000, hint: null }],
    createdAt: 1,
    base: { format: "squashfs", bytes: SQUASHFS.length, storedBytes: 12_288, checksum: `sha256:${digestOf(SQUASHFS)}` },
    workSeed: { bytes: SEED_BYTES, storedBytes: 8192, writer: "guest" },
    config: { env: ["PATH=/bin", "A=b"], workingDir: "/srv", user: "www", entrypoint: ["/entry"], cmd: ["serve"] },
    ...change,
  };
  writeFileSync(at(manifest.base.format === "erofs" ? "base.erofs" : "base.squashfs"), SQUASHFS);
  if (manifest.workSeed !== null) {
    writeFileSync(at("packed"), Buffer.concat([superblock, Buffer.from("far".repeat(100))]));
    await system.files.spread(at("packed"), at("work-seed.ext4"), SEED_BYTES, [
      [0, 4096],
      [FAR, 300],
    ]);
    rmSync(at("packed"));
  }
  writeFileSync(at("manifest.json"), JSON.stringify(manifest));
  await draft.keep(name);
  return manifest;
}

async function bundle(name: string, into = place) {
  const image = { name, folder: await store.folderOf(name), manifest: await store.whole(name, "bundle") };
  const verify = () => store.verify(name, context.signal);
  return bundleImage(parts, { ...image, verify, requireThere: () => store.folderOf(name) }, into, context);
}

const nothingIsLeft = (...but: readonly string[]): void => {
  expect(readdirSync(system.layout.images).toSorted()).toEqual([...but].toSorted());
  expect(held).toEqual([]);
};

describe("an image", () => {
  test("comes out of its bundle as it went in, its work seed as sparse as it was", async () => {
    const before = await putImage("web");
    const made = await bundle("web");
    expect(made).toMatchObject({ name: "web", distro: "debian-bookworm", arch: "amd64", kernelRef: "debian-6.12" });
    expect(readdirSync(place)).toEqual([made.file]);
    expect(made.file).toBe(`web-amd64-${made.sha256.slice(0, 16)}.tar.zst`);
    expect(made.bytes).toBeLessThan(20_000);
    await keepBundle(parts, origin, made, "mine", context);
    const { source, suite, packages, createdAt, base, workSeed, ...same } = await store.whole("mine", "use");
    expect(same).toEqual({
      format: 1,
      distro: before.distro,
      arch: before.arch,
      kernelRef: before.kernelRef,
      init: before.init,
      requirements: before.requirements,
      config: before.config,
    });
    expect({ source, suite, packages }).toEqual({ source: "bundle", suite: null, packages: [] });
    expect(createdAt).toBeGreaterThan(1);
    expect(base).toMatchObject({ format: "squashfs", bytes: SQUASHFS.length, checksum: `sha256:${digestOf(SQUASHFS)}` });
    expect(workSeed?.bytes).toBe(SEED_BYTES);
    expect(workSeed?.storedBytes).toBeLessThan(100_000);
    const { basePath, workSeedPath = "" } = await store.parts("mine");
    expect(readFileSync(basePath).equals(SQUASHFS)).toBe(true);
    expect(readdirSync(join(system.layout.images, "mine"))).toEqual(["base.squashfs", "manifest.json", "work-seed.ext4"]);
    expect((await system.files.readRange(workSeedPath, 0, 4096)).equals(superblock)).toBe(true);
    expect((await system.files.readRange(workSeedPath, FAR, FAR + 400)).toString()).toBe("far".repeat(100) + "\0".repeat(100));
    expect(statSync(workSeedPath).blocks * 512).toBeLessThan(100_000);
    expect(await store.verify("mine", context.signal)).toEqual([]);
    nothingIsLeft("mine", "web");
  });

  test("makes the same bundle each time, also of a copy whose zeros were written", async () => {
    await putImage("web", { workSeed: null });
    const first = await bundle("web");
    expect(await bundle("web")).toEqual(first);
    await store.tag("web", "two");
    await store.delete("web", ignore);
    await putImage("web", { workSeed: null, createdAt: 99, source: "oci", suite: null });
    expect((await bundle("web", mkdtempSync(join(root, "p-")))).sha256).toBe(first.sha256);
    expect((await bundle("two")).sha256).not.toBe(first.sha256);
  });

  test("whose base has gaps travels without them", async () => {
    const bytes = 64 * 2 ** 20;
    const erofs = Buffer.alloc(8192);
    erofs.writeUInt32LE(0xe0f5e1e2, 1024);
    writeFileSync(join(place, "data"), erofs);
    await system.files.spread(join(place, "data"), join(place, "base"), bytes, [[0, 8192]]);
    const base = {
      format: "erofs" as const,
      bytes,
      storedBytes: 8192,
      checksum: `sha256:${await system.files.sha256(join(place, "base"))}`,
    };
    {
      await using draft = await store.openDraft("test");
      await system.files.copySparse(join(place, "base"), join(draft.folder, "base.erofs"));
      const manifest = { ...(await putImage("unused")), base, workSeed: null, kernelRef: null, requirements: [] };
      writeFileSync(join(draft.folder, "manifest.json"), JSON.stringify(manifest));
      await draft.keep("layers");
    }
    const into = mkdtempSync(join(root, "p-"));
    const made = await bundle("layers", into);
    expect(made.bytes).toBeLessThan(5000);
    await keepBundle(parts, { ...origin, kernelRef: null, requirements: [] }, made, "mine", context);
    expect(await store.verify("mine", context.signal)).toEqual([]);
    expect((await store.whole("mine", "use")).base.storedBytes).toBeLessThan(100_000);
    await store.delete("unused", ignore);
    nothingIsLeft("layers", "mine");
  });

  test("without a distribution is of nobody's, and takes the kernel that whoever pulls it names", async () => {
    await putImage("web", { distro: null, kernelRef: null, requirements: [], workSeed: null, config: NO_CONFIG });
    const made = await bundle("web");
    expect(made).toMatchObject({ distro: "custom", kernelRef: null });
    const oci = { reference: "r/x:latest", digest: "sha256:0", layers: [] };
    const pushed = { ...origin, arch: undefined, kernelRef: undefined, requirements: undefined, oci, ownKernelRef: "mine" };
    await keepBundle(parts, pushed, made, "other", context);
    expect(await store.whole("other", "use")).toMatchObject({ kernelRef: "mine", oci, workSeed: null });
  });

  test.each([
    ["of another architecture", { arch: "arm64" }, "image_not_bundled", "arch"],
    ["of a distribution that no catalog may have", { distro: "Debian 12" }, "image_not_bundled", "distro"],
    ["with a variable that is none", { config: { ...NO_CONFIG, env: ["=x"] } }, "image_not_bundled", "config.env.0"],
    [
      "with a config beyond a manifest",
      { config: { ...NO_CONFIG, cmd: Array(4096).fill("x".repeat(247)) } },
      "image_not_bundled",
      "config",
    ],
  ] as const)("%s is not bundled, and it is said what is wrong", async (_what, change, code, word) => {
    await putImage("web", { workSeed: null, ...change } as Partial<ImageManifest>);
    await expect(bundle("web")).rejects.toMatchObject({ code, message: expect.stringContaining(word) });
    expect(readdirSync(place)).toEqual([]);
    nothingIsLeft("web");
  });

  test("that nobody would unpack for its size is not bundled", async () => {
    const base = Buffer.concat([SQUASHFS, Buffer.alloc(40 * 2 ** 20, "x")]);
    await putImage("web", {
      workSeed: null,
      base: { format: "squashfs", bytes: base.length, storedBytes: base.length, checksum: `sha256:${digestOf(base)}` },
    });
    writeFileSync(join(system.layout.images, "web/base.squashfs"), base);
    await expect(bundle("web")).rejects.toMatchObject({ code: "bundle_too_dense" });
    expect(readdirSync(place)).toEqual([]);
    nothingIsLeft("web");
  });

  test("that was changed, or goes meanwhile, is not bundled", async () => {
    await putImage("web");
    const path = join(system.layout.images, "web/base.squashfs");
    writeFileSync(path, Buffer.alloc(SQUASHFS.length, "other"));
    await expect(bundle("web")).rejects.toMatchObject({ code: "image_damaged" });
    await expect(bundle("web", join(place, "none"))).rejects.toMatchObject({ code: "folder_not_found" });
    const image = { name: "web", folder: await store.folderOf("web"), manifest: await store.whole("web", "bundle") };
    const verify = async (): Promise<readonly string[]> => {
      await store.delete("web", ignore);
      return [];
    };
    const gone = bundleImage(parts, { ...image, verify, requireThere: () => store.folderOf("web") }, place, context);
    await expect(gone).rejects.toMatchObject({ code: "image_not_found" });
    expect(readdirSync(place)).toEqual([]);
    nothingIsLeft();
  });
});

test("runs are taken when they are in order, within the disk, and of the data's length, and never else", () => {
  const run = fc.tuple(fc.integer({ min: -2, max: 40 }), fc.integer({ min: -1, max: 8 }));
  const sorted = fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 })), { maxLength: 6 }).map((steps) => {
    let at = 0;
    return steps.map(([gap, bytes]): [number, number] => {
      const start = at + gap;
      at = start + bytes;
      return [start, bytes];
    });
  });
  const cases = fc.tuple(
    fc.oneof(sorted, fc.array(run, { maxLength: 5 })),
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: -1, max: 1 }),
  );
  fc.assert(
    fc.property(cases, ([runs, bytes, off]) => {
      const total = runs.reduce((sum, [, each]) => sum + each, 0) + off;
      const seed = { bytes, packed: { sha256: "0".repeat(64), bytes: total, runs } };
      // Each byte of the disk at most once, in order, and each of the data exactly once.
      const places = runs.flatMap(([start, each]) => Array.from({ length: Math.max(each, 0) }, (_, index) => start + index));
      const isRight =
        off === 0 &&
        runs.length > 0 &&
        runs.every(([, each]) => each > 0) &&
        places.every((place, index) => place >= 0 && place < bytes && place > (places[index - 1] ?? -1));
      expect(bundleManifest.safeParse({ ...said, workSeed: seed }).success).toBe(isRight);
    }),
    { numRuns: 3000 },
  );
});

const DATA = Buffer.concat([superblock, Buffer.from("far")]);
const RUNS = [
  [0, 4096],
  [8192, 3],
];
const said = {
  schema: 1,
  type: "image",
  name: "web",
  distro: "debian",
  arch: "amd64",
  kernelRef: "debian-6.12",
  init: "agent",
  requirements: [{ kind: "tcp", port: 80, name: "web server", deadlineMs: 60_000, hint: null }],
  config: NO_CONFIG,
  base: { format: "squashfs", bytes: SQUASHFS.length, sha256: digestOf(SQUASHFS), packed: null },
  workSeed: { bytes: 65_536, packed: { sha256: digestOf(DATA), bytes: DATA.length, runs: RUNS } },
};
const file = (name: string, content: Buffer): MadeTarEntry => ({ name, content });
const FILES = [file("base.squashfs", SQUASHFS), file("work-seed.ext4.data", DATA)];
const bundleOf = (manifest: unknown, files: readonly MadeTarEntry[] = FILES): Buffer =>
  zstdCompressSync(
    makeTar([file("manifest.json", Buffer.from(typeof manifest === "string" ? manifest : JSON.stringify(manifest))), ...files]),
  );
const packed = (change: object) => ({ ...said, workSeed: { ...said.workSeed, packed: { ...said.workSeed.packed, ...change } } });
const base = (change: object) => ({ ...said, base: { ...said.base, ...change } });
const many = (count: number, each: (index: number) => readonly number[]) => Array.from({ length: count }, (_, index) => each(index));

/** Each is refused before anything of it is an image. */
const HOSTILE: readonly (readonly [what: string, bytes: () => Buffer])[] = [
  ["no archive", () => Buffer.from("no archive")],
  ["nothing in it", () => zstdCompressSync(makeTar([]))],
  ["half of it", () => bundleOf(said).subarray(0, 200)],
  ["a manifest that is none", () => bundleOf("{")],
  ["a manifest that is a list", () => bundleOf([])],
  ["a manifest of a form to come", () => bundleOf({ ...said, schema: 2 })],
  ["a kernel's manifest", () => bundleOf({ ...said, type: "kernel" })],
  ["a key more", () => bundleOf({ ...said, more: 1 })],
  ["a name that is a path", () => bundleOf({ ...said, name: "../web" })],
  ["a distribution with control characters", () => bundleOf({ ...said, distro: "\u001b[2J" })],
  ["another architecture", () => bundleOf({ ...said, arch: "arm64" })],
  ["a kernel that is a path", () => bundleOf({ ...said, kernelRef: "/etc/passwd" })],
  ["a kernel that the catalog does not say", () => bundleOf({ ...said, kernelRef: "other" })],
  ["an init that there is not", () => bundleOf({ ...said, init: "/bin/sh" })],
  ["requirements that the catalog does not say", () => bundleOf({ ...said, requirements: [] })],
  ["a requirement of no kind", () => bundleOf({ ...said, requirements: [{ kind: "exec", name: "web server" }] })],
  ["too many requirements", () => bundleOf({ ...said, requirements: Array(33).fill(said.requirements[0]) })],
  ["a variable without a name", () => bundleOf({ ...said, config: { ...NO_CONFIG, env: ["=x"] } })],
  ["a folder with a NUL", () => bundleOf({ ...said, config: { ...NO_CONFIG, workingDir: "/a\0b" } })],
  ["a user of two lines", () => bundleOf({ ...said, config: { ...NO_CONFIG, user: "a\nb" } })],
  ["a base of no format", () => bundleOf(base({ format: "ntfs" }))],
  ["a base of another format", () => bundleOf(base({ format: "erofs" }), [file("base.erofs", SQUASHFS), FILES[1] as MadeTarEntry])],
  ["a base under another name", () => bundleOf(base({ format: "erofs" }))],
  ["a base of no size", () => bundleOf(base({ bytes: 0 }))],
  ["a base of another size", () => bundleOf(base({ bytes: 5 }))],
  ["a base of half a byte", () => bundleOf(base({ bytes: 0.5 }))],
  ["another base", () => bundleOf(said, [file("base.squashfs", Buffer.alloc(SQUASHFS.length)), FILES[1] as MadeTarEntry])],
  ["no base", () => bundleOf(said, FILES.slice(1))],
  ["no seed", () => bundleOf(said, FILES.slice(0, 1))],
  ["a seed that nobody told of", () => bundleOf({ ...said, workSeed: null })],
  ["a seed that was not packed", () => bundleOf({ ...said, workSeed: { bytes: 1, packed: null } })],
  ["another seed", () => bundleOf(packed({ sha256: "0".repeat(64) }))],
  [
    "a seed that is no ext4",
    () =>
      bundleOf(
        packed({
          runs: [
            [1, 4096],
            [8192, 3],
          ],
        }),
      ),
  ],
  [
    "runs that overlap",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [4000, 3],
          ],
        }),
      ),
  ],
  [
    "runs out of order",
    () =>
      bundleOf(
        packed({
          runs: [
            [8192, 3],
            [0, 4096],
          ],
        }),
      ),
  ],
  [
    "runs at one place",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [0, 3],
          ],
        }),
      ),
  ],
  [
    "a run beyond the end",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [65_534, 3],
          ],
        }),
      ),
  ],
  [
    "a run far beyond the end",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [2 ** 53 - 1, 3],
          ],
        }),
      ),
  ],
  [
    "a run before the beginning",
    () =>
      bundleOf(
        packed({
          runs: [
            [-1, 4096],
            [8192, 3],
          ],
        }),
      ),
  ],
  [
    "a run of nothing",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [4096, 0],
            [8192, 3],
          ],
        }),
      ),
  ],
  [
    "a run of less than nothing",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [8192, -3],
            [9000, 6],
          ],
        }),
      ),
  ],
  [
    "a run of three numbers",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096, 1],
            [8192, 3],
          ],
        }),
      ),
  ],
  [
    "a run of words",
    () =>
      bundleOf(
        packed({
          runs: [
            ["0", "4096"],
            [8192, 3],
          ],
        }),
      ),
  ],
  [
    "runs of more than the data",
    () =>
      bundleOf(
        packed({
          runs: [
            [0, 4096],
            [8192, 30],
          ],
        }),
      ),
  ],
  ["runs of less than the data", () => bundleOf(packed({ runs: [[0, 4096]] }))],
  ["no runs", () => bundleOf(packed({ runs: [], bytes: 0 }))],
  ["too many runs", () => bundleOf(packed({ runs: many(4099, (index) => [index * 2, 1]) }))],
  ["a million runs", () => bundleOf(packed({ runs: many(1_000_000, (index) => [index * 2, 1]) }))],
  ["a seed of more than a disk", () => bundleOf({ ...said, workSeed: { ...said.workSeed, bytes: 2 ** 50 } })],
  ["a seed of no number", () => bundleOf(JSON.stringify(said).replace("65536", "1e999"))],
  ["a bomb for a base", () => bundleOf(said, [file("base.squashfs", Buffer.alloc(60 * 2 ** 20)), FILES[1] as MadeTarEntry])],
  ["a file of another name", () => bundleOf(said, [...FILES, file("evil", DATA)])],
  ["a path out of it", () => bundleOf(said, [...FILES, file("../evil", DATA)])],
  ["a link for a base", () => bundleOf(said, [{ name: "base.squashfs", type: "2" }, FILES[1] as MadeTarEntry])],
  ["a base twice", () => bundleOf(said, [...FILES, FILES[0] as MadeTarEntry])],
];

describe("a bundle with", () => {
  const path = join(root, "hostile.tar.zst");
  const keep = async (bytes: Buffer): Promise<unknown> => {
    writeFileSync(path, bytes);
    return keepBundle(parts, origin, { path, sha256: digestOf(bytes) }, "web", context);
  };

  test("nothing wrong is kept", async () => {
    await keep(bundleOf(said));
    expect(await store.get("web")).toMatchObject({ problems: [], hasWorkSeed: true });
    const entry = await readBundleEntry(system, path, undefined, mkdtempSync(join(root, "p-")), context.signal);
    expect(entry).toEqual({
      type: "image",
      name: "web",
      distro: "debian",
      arch: "amd64",
      kernelRef: "debian-6.12",
      requirements: ["web server"],
      description: "web, of debian",
    });
  });

  test.each(HOSTILE)("%s is refused, and touches nothing", async (what, make) => {
    expect(HOSTILE.length).toBeGreaterThanOrEqual(40);
    mkdirSync(system.layout.images, { recursive: true });
    const canary = join(root, "canary");
    writeFileSync(canary, "untouched");
    const bytes = make();
    const started = performance.now();
    const error = (await keep(bytes).then(
      () => "kept",
      (thrown: unknown) => thrown,
    )) as { code?: string };
    expect(["damaged_bundle", "unpacked_too_large"]).toContain(error.code ?? String(error));
    expect(performance.now() - started).toBeLessThan(5000);
    expect(readFileSync(canary, "utf8")).toBe("untouched");
    nothingIsLeft();
    // What the catalog says of it is for whoever pulls to find out.
    if (what.endsWith("the catalog does not say")) return;
    const publishing = readBundleEntry(system, path, undefined, mkdtempSync(join(root, "p-")), context.signal);
    await expect(publishing).rejects.toMatchObject({ code: "bad_bundle" });
  });

  test("any byte of it changed is refused", async () => {
    const good = bundleOf(said);
    copyFileSync(path, join(root, "good"));
    for (let at = 0; at < good.length; at += 1 + Math.floor(good.length / 60)) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(at) ^ 0x10, at);
      writeFileSync(path, bad);
      await expect(keepBundle(parts, origin, { path, sha256: digestOf(good) }, "web", context)).rejects.toMatchObject({
        code: "digest_mismatch",
      });
    }
    nothingIsLeft();
    expect(zstdDecompressSync(good).length).toBeGreaterThan(10_000);
  });
});
