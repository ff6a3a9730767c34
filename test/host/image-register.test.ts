/** Finished disks become images: found, copied whole, and never opened by anything that a stranger's disk could steer. */
import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { madeSources } from "../../src/catalog/oci/made-sources.ts";
import { BangerError } from "../../src/contract/errors.ts";
import type { RegisterHow, StoredImage } from "../../src/images/images.ts";
import { makeImages } from "../../src/images/make-images.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { makeDisk, makeFileSystem, makeQcow2, makeRoot, MIB, put, ROOT_TYPE, run } from "../support/made-disks.ts";
import { aptArchive } from "./images-apt-archive.ts";
import { makeMemoryLeases } from "./images-memory-leases.ts";
import { recordingContext } from "./images-recording-context.ts";
import { silentLog } from "./images-silent-log.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "banger-register-"));
const at = (name: string): string => join(folder, name);
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: at("home") }, silentLog);
const leases = makeMemoryLeases();
const images = makeImages({
  system,
  offers: madeOffers(),
  archive: aptArchive,
  sources: madeSources(system),
  bundles: makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), leases),
  placeLayers: async () => "banger-layers",
  leases,
  uid: process.getuid?.() ?? 0,
});
const root = makeRoot(at("root"));
const ext4 = makeFileSystem("ext4", root, at("root.ext4"));
const squashfs = makeFileSystem("squashfs", root, at("root.squashfs"));
const erofs = makeFileSystem("erofs", root, at("root.erofs"));
const small = makeFileSystem("ext4", root, at("small.ext4"), 8 * MIB);
const canary = at("canary");
writeFileSync(canary, "not to be seen");

afterEach(async () => {
  for (const { name } of await images.list()) await images.delete(name, () => undefined);
  expect(readdirSync(system.layout.images)).toEqual([]);
  expect(leases.list()).toEqual([]);
  expect(readFileSync(canary, "utf8")).toBe("not to be seen");
});
afterAll(() => rmSync(folder, { recursive: true }));

const take = (from: string, how: RegisterHow = {}, signal?: AbortSignal): Promise<StoredImage> =>
  images.register("mine", from, how, recordingContext(signal));

/** The same file system, with what it stands among. */
async function expectTaken(from: string, original: string, how: RegisterHow = {}): Promise<void> {
  expect(await take(from, how)).toMatchObject({ source: "register", arch: "amd64", problems: [] });
  const { basePath, baseFormat } = await images.parts("mine");
  expect(original).toEndWith(baseFormat);
  const [base, expected] = [readFileSync(basePath), readFileSync(original)];
  expect(base.length).toBe(Math.ceil(expected.length / 4096) * 4096);
  expect(base.subarray(0, expected.length).equals(expected)).toBe(true);
  expect(base.subarray(expected.length).every((byte) => byte === 0)).toBe(true);
  expect(await images.verify("mine", new AbortController().signal)).toEqual([]);
}

const swap = { type: "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", mib: 2 };
const marked = (path: string) => ({ path, mib: 20, type: ROOT_TYPE });
const gpt = (): string => makeDisk("gpt", at("gpt.raw"), [{ path: small, mib: 10 }, swap, marked(ext4)]);

describe("a disk is registered:", () => {
  test.each([
    ["ext4", ext4, () => ext4],
    ["squashfs", squashfs, () => squashfs],
    ["erofs", erofs, () => erofs],
    ["ext4 with something behind it", ext4, () => (copyFileSync(ext4, at("long")), truncateSync(at("long"), 20 * MIB), at("long"))],
    ["the root of a GPT", ext4, gpt],
    ["the only file system of a GPT", squashfs, () => makeDisk("gpt", at("one.raw"), [swap, { path: squashfs, mib: 4 }, { mib: 1 }])],
    [
      "the only file system of an MBR",
      erofs,
      () =>
        makeDisk("dos", at("mbr.raw"), [
          { mib: 1, type: "82" },
          { path: erofs, mib: 5 },
        ]),
    ],
    ["a qcow2 with a file system", ext4, () => makeQcow2(ext4, at("fs.qcow2"))],
    ["an old and packed qcow2", ext4, () => makeQcow2(ext4, at("old.qcow2"), ["-c", "-o", "compat=0.10"])],
    ["a qcow2 packed by zstd", ext4, () => makeQcow2(ext4, at("new.qcow2"), ["-c", "-o", "compression_type=zstd,cluster_size=2M"])],
    ["a qcow2 with a GPT", ext4, () => makeQcow2(gpt(), at("gpt.qcow2"))],
  ])("%s", (_what, original, from) => expectTaken(from(), original));

  test("the partition that was named, also one in an extended one", async () => {
    await expectTaken(gpt(), small, { partition: 1 });
    await images.delete("mine", () => undefined);
    const disk = at("logical.raw");
    writeFileSync(disk, "");
    truncateSync(disk, 64 * MIB);
    run(["sfdisk", "--quiet", disk], "label: dos\np1: size=4MiB\np2: size=50MiB, type=5\np5: size=12MiB\np6: size=20MiB\n");
    const { partitiontable } = JSON.parse(Bun.spawnSync(["sfdisk", "--json", disk]).stdout.toString()) as {
      partitiontable: { partitions: readonly { start: number }[] };
    };
    put(disk, readFileSync(ext4), (partitiontable.partitions[3]?.start ?? 0) * 512);
    await expectTaken(disk, ext4, { partition: 6 });
    await images.delete("mine", () => undefined);
    await expectTaken(disk, ext4);
  });

  test("with what was said of it, in its stages", async () => {
    const context = recordingContext();
    const image = await images.register("mine", makeQcow2(ext4, at("how.qcow2")), { kernelRef: "k", init: "systemd" }, context);
    expect(image).toMatchObject({ kernelRef: "k", init: "systemd", distro: null, hasWorkSeed: false });
    expect(context.stages).toEqual(["convert", "inspect", "copy", "store"]);
    expect(readdirSync(join(system.layout.images, "mine")).toSorted()).toEqual(["base.ext4", "manifest.json"]);
    await expect(take(ext4)).rejects.toMatchObject({ code: "image_exists" });
  });

  test("and stays as it was when the disk is changed afterwards", async () => {
    copyFileSync(ext4, at("changing.ext4"));
    await take(at("changing.ext4"));
    put(at("changing.ext4"), Buffer.alloc(16 * MIB, "x"), 0);
    expect(await images.verify("mine", new AbortController().signal)).toEqual([]);
  });
});

/** A copy of a file with some bytes changed. */
function changed(original: string, ...changes: readonly (readonly [at: number, bytes: Buffer | string])[]): string {
  const path = at(`changed-${readdirSync(folder).length}`);
  copyFileSync(original, path);
  for (const [where, bytes] of changes) put(path, Buffer.from(bytes), where);
  return path;
}

const blank = (): string => (writeFileSync(at("blank"), ""), truncateSync(at("blank"), 4 * MIB), at("blank"));
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const qcow2 = (...options: readonly string[]): string => {
  const path = at(`made-${readdirSync(folder).length}.qcow2`);
  run(["qemu-img", "create", "-q", "-f", "qcow2", ...options, path, "16M"]);
  return path;
};

describe("a disk that is no good is refused, and leaves nothing:", () => {
  test.each([
    ["nothing", () => at("nowhere"), "file_not_found", ""],
    ["a folder", () => root, "file_unusable", "no file"],
    ["a device", () => "/dev/null", "file_unusable", "no file"],
    ["a link", () => (symlinkSync(ext4, at("link")), at("link")), "file_unusable", "a link"],
    ["an empty file", () => (writeFileSync(at("empty"), ""), at("empty")), "disk_not_usable", "no file system"],
    ["zeros", blank, "disk_not_usable", "no file system"],
    ["xfs", () => changed(blank(), [0, "XFSB"]), "disk_not_usable", "xfs"],
    ["btrfs", () => changed(blank(), [0x10040, "_BHRfS_M"]), "disk_not_usable", "btrfs"],
    ["LUKS", () => changed(blank(), [0, Buffer.from("LUKS\xba\xbe", "latin1")]), "disk_not_usable", "LUKS"],
    ["LVM", () => changed(blank(), [512, "LABELONE"]), "disk_not_usable", "LVM"],
    ["a tar", () => changed(blank(), [257, "ustar"]), "disk_not_usable", "tar"],
    ["a packed disk", () => changed(blank(), [0, gzipSync("x")]), "disk_not_usable", "gzip"],
    ["a disk of VMware", () => changed(blank(), [0, "KDMV"]), "disk_not_usable", "VMware"],
    ["ext4 that was not unmounted", () => changed(ext4, [1024 + 96, u32(0x2c6)]), "disk_not_clean", "journal"],
    ["ext4 with errors", () => changed(ext4, [1024 + 58, Buffer.from([3, 0])]), "disk_not_clean", "errors"],
    ["ext4 of features that are not known", () => changed(ext4, [1024 + 96, u32(0x80000002)]), "disk_not_usable", "0x80000000"],
    ["ext4 of long blocks", () => changed(ext4, [1024 + 24, u32(6)]), "disk_not_usable", "longer than a page"],
    [
      "ext4 that was cut off",
      () => (copyFileSync(ext4, at("cut")), truncateSync(at("cut"), 9 * MIB), at("cut")),
      "disk_damaged",
      "cut short",
    ],
    ["ext4 that says it is endless", () => changed(ext4, [1024 + 96, u32(0x2c2)], [1024 + 0x150, u32(0xffffffff)]), "disk_damaged", ""],
    ["squashfs of a version of old", () => changed(squashfs, [28, Buffer.from([3, 0])]), "disk_not_usable", "version 3"],
    ["EROFS that has content elsewhere", () => changed(erofs, [1024 + 86, Buffer.from([1, 0])]), "disk_not_usable", "other files"],
    [
      "two roots",
      () =>
        makeDisk("dos", at("two.raw"), [
          { path: small, mib: 8 },
          { path: erofs, mib: 5 },
        ]),
      "disk_ambiguous",
      "--partition 1",
    ],
    ["two marked ones", () => makeDisk("gpt", at("both.raw"), [marked(ext4), marked(ext4)]), "disk_ambiguous", "--partition 1"],
    ["partitions without a file system", () => makeDisk("gpt", at("none.raw"), [swap]), "disk_not_usable", "no partition"],
    ["a damaged GPT", () => changed(gpt(), [512 + 72, "x"]), "disk_damaged", "GPT"],
    ["a damaged table", () => changed(gpt(), [1024 + 40, "x"]), "disk_damaged", "GPT"],
    ["an MBR that tells of a GPT", () => changed(gpt(), [512, Buffer.alloc(512)]), "disk_damaged", "GPT"],
    ["a qcow2 with a backing file", () => qcow2("-b", canary, "-F", "raw"), "disk_not_usable", "backing file"],
    ["a qcow2 with its data elsewhere", () => qcow2("-o", `data_file=${at("data")}`), "disk_not_usable", "another file"],
    [
      "an encrypted qcow2",
      () => qcow2("--object", "secret,id=s,data=x", "-o", "encrypt.format=luks,encrypt.key-secret=s"),
      "disk_not_usable",
      "encrypted",
    ],
    ["a qcow2 that was not closed", () => changed(makeQcow2(ext4), [79, Buffer.from([1])]), "disk_not_usable", "not closed"],
    ["a qcow2 of features that are not known", () => changed(makeQcow2(ext4), [72, Buffer.from([1])]), "disk_not_usable", "not known"],
    ["a qcow2 of another version", () => changed(makeQcow2(ext4), [7, Buffer.from([9])]), "disk_not_usable", "version 9"],
    ["a qcow2 whose tables are nowhere", () => changed(makeQcow2(ext4), [40, Buffer.alloc(8, 0x77)]), "disk_not_usable", "qemu-img"],
    [
      "a qcow2 that was cut off",
      () => (copyFileSync(makeQcow2(ext4), at("cut.qcow2")), truncateSync(at("cut.qcow2"), 90), at("cut.qcow2")),
      "disk_not_usable",
      "cut short",
    ],
    [
      "a qcow2 of many terabytes",
      () => (run(["qemu-img", "create", "-q", "-f", "qcow2", at("vast.qcow2"), "60T"]), at("vast.qcow2")),
      "disk_not_usable",
      "64 GiB",
    ],
  ])("%s", async (_what, from, code, words) => {
    const path = from();
    const startedMs = performance.now();
    const error: unknown = await take(path).catch((thrown: unknown) => thrown);
    if (!(error instanceof BangerError)) throw error;
    expect(error.code).toBe(code);
    expect(error.hint).toBeString();
    expect(`${error.message} ${error.hint}`).toContain(words);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  test("a partition that is not there, and partitions of what has none", async () => {
    await expect(take(gpt(), { partition: 7 })).rejects.toMatchObject({ code: "partition_not_found" });
    await expect(take(gpt(), { partition: 2 })).rejects.toMatchObject({ code: "disk_not_usable" });
    await expect(take(ext4, { partition: 1 })).rejects.toMatchObject({ code: "partition_not_found" });
  });

  test("one that may not be read, unless we are root", async () => {
    copyFileSync(ext4, at("secret"));
    chmodSync(at("secret"), 0);
    if (process.getuid?.() === 0) await take(at("secret"));
    else await expect(take(at("secret"))).rejects.toMatchObject({ code: "file_unusable" });
  });

  test("a qcow2 that will not do, or where there is no qemu-img, before it is copied", async () => {
    const bare = makeSystem({ PATH: "/nowhere", BANGER_HOME: at("bare") }, silentLog);
    const processes = { ...bare.processes, which: () => undefined };
    const files = { ...bare.files, copySparse: () => Promise.reject(new Error("it may have hundreds of gigabytes")) };
    const without = makeImages({
      system: { ...bare, processes, files },
      offers: madeOffers(),
      archive: aptArchive,
      sources: madeSources(bare),
      bundles: makeBundles(bare, openFetcher(bare, { proxies: {}, advice: "" }), leases),
      placeLayers: async () => "",
      leases,
      uid: 0,
    });
    await expect(without.register("mine", makeQcow2(ext4), {}, recordingContext())).rejects.toMatchObject({
      code: "program_missing",
      hint: "apt install qemu-utils",
    });
    const backed = at("backed.qcow2");
    expect(Bun.spawnSync(["qemu-img", "create", "-q", "-f", "qcow2", "-b", ext4, "-F", "raw", backed]).exitCode).toBe(0);
    await expect(without.register("mine", backed, {}, recordingContext())).rejects.toMatchObject({ code: "disk_not_usable" });
  });
});
