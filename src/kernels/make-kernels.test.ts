// Longer than 300 lines because all its cases share one made package, folder and store.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { DebianArchive, VerifiedPackage } from "../catalog/catalog.ts";
import { makeBundles } from "../catalog/bundle/make-bundles.ts";
import { openFetcher } from "../catalog/fetch/open-fetcher.ts";
import { madeOffers } from "../catalog/offers/made-offers.ts";
import { makeDeb, makeTar } from "../catalog/unpack/made-deb.ts";
import { openDeb } from "../catalog/unpack/open-deb.ts";
import type { Lease, Leases, OperationContext } from "../operations/operations.ts";
import { makeSystem } from "../system/make-system.ts";
import type { Files, Log } from "../system/system.ts";
import { makeBzImage, makeKernelElf, makeModule } from "./formats/made-elf.ts";
import { NO_BUILDING } from "./from-source/test-building.ts";
import { makeKernels } from "./make-kernels.ts";
import type { Kernels } from "./kernels.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const root = mkdtempSync("/tmp/bkn-");
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const VERSION = "6.12.9-test";
const kernel = makeKernelElf(`Linux version ${VERSION} (x)`);
const DRIVERS = ["virtio_mmio", "virtio_blk", "virtio_console", "virtio_net", "overlay", "squashfs", "ext4"];
const OPTIONS = ["VIRTIO_MMIO", "VIRTIO_BLK", "VIRTIO_CONSOLE", "VIRTIO_NET", "OVERLAY_FS", "SQUASHFS", "EXT4_FS"];
const CONFIG = OPTIONS.map((option) => `CONFIG_${option}=y\n`).join("");

let home: string;
let from: string;
let leases: Lease[];
let stages: string[];
let notices: string[];
let kernels: Kernels;
let data: Uint8Array;
const agentPath = () => join(home, "agent");
const store = () => join(home, "data/kernels");

beforeEach(() => {
  home = mkdtempSync(join(root, "h-"));
  from = join(home, "from");
  leases = [];
  stages = [];
  notices = [];
  data = packageData();
  writeFileSync(join(home, "agent"), "the agent");
  kernels = open();
});

/** @param changed members of `files`, from the real ones. */
function open(changed: (files: Files) => Partial<Files> = () => ({})): Kernels {
  const plain = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silent);
  const system = { ...plain, files: { ...plain.files, ...changed(plain.files) } };
  const kept: Leases = {
    write: (lease) => void leases.push(lease),
    drop: (kind, key) => {
      leases = leases.filter((lease) => lease.kind !== kind || lease.key !== key);
    },
    dropAllOf: ignore,
    list: () => leases,
  };
  const real = (version: string): VerifiedPackage => ({
    name: `linux-image-${version}`,
    version: "1",
    depends: [],
    url: "x",
    bytes: 1,
    sha256: "0".repeat(64),
  });
  const archive: DebianArchive = {
    sources: async () => [],
    verifySuite: async () => true,
    findPackage: async (_suite, name, options) =>
      name === "linux-image-6.12-cloud-amd64"
        ? { ...real("meta"), depends: [[{ name: `linux-image-${VERSION}`, relation: "=", version: "1" }]] }
        : { ...real(VERSION), version: options.version ?? "newest" },
    fetchPackage: async (_wanted, options) => {
      options.onProgress?.(1, 1);
      writeFileSync(join(home, "p.deb"), makeDeb("data.tar", data));
      return join(home, "p.deb");
    },
    probes: () => [],
    openPackage: (_wanted, path, scratch, signal) =>
      openDeb(system, path, createHash("sha256").update(readFileSync(path)).digest("hex"), scratch, signal),
  };
  const bundles = makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), kept);
  return makeKernels({ system, archive, offers: madeOffers(), bundles, leases: kept, agentPath: agentPath(), building: NO_BUILDING });
}

const context: OperationContext = {
  operationId: "op",
  signal: new AbortController().signal,
  stage: (name, body) => {
    stages.push(name);
    return body({ progress: ignore, note: ignore });
  },
  about: () => undefined,
  notice: (message) => void notices.push(message),
  output: () => undefined,
};

function module(name: string, depends: readonly string[] = [], version = VERSION): Buffer {
  return makeModule([`name=${name}`, `depends=${depends.join(",")}`, `vermagic=${version} SMP`]);
}

/** As Debian packs it: three drivers built in, the others as modules with a dependency. */
function packageData(modules: readonly string[] = ["virtio_mmio", "virtio_blk", "overlay", "squashfs"]): Uint8Array {
  const folder = `./lib/modules/${VERSION}`;
  return makeTar([
    { name: "./", type: "5" },
    { name: `./boot/vmlinuz-${VERSION}`, content: makeBzImage(kernel, VERSION) },
    { name: `./boot/config-${VERSION}`, content: Buffer.from("CONFIG_VIRTIO_BLK=m\n") },
    { name: `${folder}/modules.builtin`, content: Buffer.from("kernel/fs/ext4/ext4.ko\nkernel/drivers/char/virtio_console.ko\n") },
    { name: `${folder}/kernel/net/virtio_net.ko`, content: module("virtio_net", ["net-failover"]) },
    { name: `${folder}/kernel/net/net_failover.ko.gz`, content: gzipSync(module("net_failover")) },
    ...modules.map((name) => ({ name: `${folder}/kernel/${name}.ko.zst`, content: zstdCompressSync(module(name)) })),
    { name: `${folder}/kernel/sound.ko`, content: module("sound") },
  ]);
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(from, path)), { recursive: true });
  writeFileSync(join(from, path), content);
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: { code?: string }) => error.code ?? error,
  );

/** A failure leaves neither folder nor lease. */
function expectNothingLeft(): void {
  expect(existsSync(store()) ? readdirSync(store()) : []).toEqual([]);
  expect(leases).toEqual([]);
}

describe("a pulled kernel", () => {
  test("has the modules a vm needs, in load order", async () => {
    const pulled = await kernels.pull("debian-6.12", "k", context);
    expect(pulled).toMatchObject({ name: "k", source: "debian-archive", distro: "debian", arch: "amd64", version: VERSION, problems: [] });
    expect(pulled.modules).toEqual(["virtio_mmio", "virtio_blk", "net_failover", "virtio_net", "overlay", "squashfs"]);
    expect(pulled.sha256).toBe(createHash("sha256").update(kernel).digest("hex"));
    expect(stages).toEqual(["index", "download", "unpack", "store"]);
    expect(readdirSync(store())).toEqual(["k"]);
    expect(readdirSync(join(store(), "k")).toSorted()).toEqual(["manifest.json", "modules.cpio", "vmlinux"]);
    expect(leases).toEqual([]);
    expect(await kernels.get("k")).toEqual(pulled);
    expect(await kernels.list()).toEqual([pulled]);
  });

  test("is refused when a driver is nowhere, and nothing stays", async () => {
    data = packageData(["virtio_mmio"]);
    expect(await codeOf(kernels.pull("debian-6.12", "k", context))).toBe("drivers_missing");
    expectNothingLeft();
  });

  test.each([
    ["has no kernel", () => makeTar([{ name: "a" }]), "not_a_kernel_package"],
    ["has two", () => makeTar([{ name: "boot/vmlinuz-1" }, { name: "boot/vmlinuz-2" }]), "not_a_kernel_package"],
    ["has something else for a kernel", () => makeTar([{ name: "boot/vmlinuz-1", content: Buffer.from("hello") }]), "not_a_kernel"],
    [
      "has a kernel that no microVM can start",
      () => makeTar([{ name: "boot/vmlinuz-1", content: makeKernelElf("x", { name: "Xen", type: 1 }) }]),
      "no_pvh_entry",
    ],
    [
      "has a kernel of another size than it says",
      () => makeTar([{ name: "boot/vmlinuz-1", content: makeBzImage(kernel, VERSION, kernel.length + 1) }]),
      "not_a_kernel",
    ],
    [
      "has a kernel that unpacks to more than it says",
      () => makeTar([{ name: "boot/vmlinuz-1", content: makeBzImage(kernel, VERSION, 64) }]),
      "unpacked_too_large",
    ],
    [
      "has a kernel packed in another way",
      () => makeTar([{ name: "boot/vmlinuz-1", content: makeBzImage(kernel, VERSION, 9, Buffer.from("BZh9")) }]),
      "kernel_compression",
    ],
    ["is no tar", () => Buffer.alloc(2000, 7), "damaged_package"],
  ])("is refused when its package %s", async (_name, spoiled, code) => {
    data = spoiled();
    expect(await codeOf(kernels.pull("debian-6.12", "k", context))).toBe(code);
    expectNothingLeft();
  });

  test.each(["download", "unpack", "store"])("that is cancelled in stage %s leaves nothing", async (last) => {
    const stop = new AbortController();
    const stopping: OperationContext = {
      ...context,
      signal: stop.signal,
      stage: async (name, body) => {
        if (name === last) stop.abort();
        stop.signal.throwIfAborted();
        return context.stage(name, body);
      },
    };
    expect(await codeOf(kernels.pull("debian-6.12", "k", stopping))).not.toBe("done");
    expectNothingLeft();
    expect(await codeOf(kernels.pull("debian-6.12", "k", context))).toBe("done");
  });

  test("that is cancelled while it is unpacked leaves nothing", async () => {
    const stop = new AbortController();
    const stage: OperationContext["stage"] = (name, body) => {
      if (name === "unpack") setTimeout(() => stop.abort(), 1);
      return context.stage(name, body);
    };
    data = makeTar([{ name: "big", content: Buffer.alloc(2 ** 25) }]);
    expect(await codeOf(kernels.pull("debian-6.12", "k", { ...context, signal: stop.signal, stage }))).toBe("cancelled");
    expectNothingLeft();
  });

  test("has a name once, and is made once for all who pull it meanwhile", async () => {
    await kernels.pull("debian-6.12", "k", context);
    stages = [];
    expect(await codeOf(kernels.pull("debian-6.12", "k", context))).toBe("kernel_exists");
    expect(stages).toEqual([]);
    const [first, second] = await Promise.all([
      codeOf(kernels.pull("debian-6.12", "two", context)),
      codeOf(kernels.pull("debian-6.12", "two", context)),
    ]);
    expect([first, second]).toEqual(["done", "done"]);
    expect(stages.filter((stage) => stage === "store")).toHaveLength(1);
    expect(leases).toEqual([]);
  });

  test("must be in the catalog, as a kernel", async () => {
    const error = await kernels.pull("debian-bookworm", "k", context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "kernel_not_in_catalog", hint: "banger image pull debian-bookworm" });
    const unknown = await kernels.pull("nothing", "k", context).catch((thrown: unknown) => thrown);
    expect(unknown).toMatchObject({ code: "kernel_not_in_catalog", hint: "banger catalog list, or banger kernel pull debian-6.12" });
  });

  test("of a recipe is refused, with how to build it", async () => {
    const error = await kernels.pull("generic-6.12", undefined, context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "refused", code: "not_published", hint: "banger kernel build generic-6.12" });
    expect(readdirSync(home)).not.toContain("data");
  });
});

describe("an imported kernel", () => {
  test("is found by metadata.json first", async () => {
    put("vmlinux", "not this");
    put("k/image", kernel);
    const sha256 = createHash("sha256").update(kernel).digest("hex");
    put(
      "metadata.json",
      JSON.stringify({ kernel: "k/image", sha256, version: "6.12.9", distro: "mine", arch: "x86_64", needsAcpi: false, initrd: "x" }),
    );
    expect(await kernels.import("k", from, context)).toMatchObject({
      version: VERSION,
      distro: "mine",
      source: "import",
      modules: [],
      bytes: kernel.length,
    });
    expect(await kernels.bootSet("k")).toMatchObject({ needsAcpi: false });
    expect(notices.length).toBe(1);
    expect(stages).toEqual(["find", "copy", "store"]);
  });

  test("is a vmlinux else, with ACPI unless it is known that it can do without", async () => {
    put("vmlinux", kernel);
    put("boot/vmlinuz-9", "not this");
    await kernels.import("k", from, context);
    expect((await kernels.bootSet("k")).needsAcpi).toBe(true);
    put("config", `${CONFIG}CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n`);
    await kernels.import("k2", from, context);
    expect((await kernels.bootSet("k2")).needsAcpi).toBe(false);
  });

  test("tells its configuration from inside", async () => {
    const config = gzipSync(`${CONFIG}CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n`);
    put("vmlinux", Buffer.concat([kernel, Buffer.from("IKCFG_ST"), config, Buffer.from("IKCFG_ED")]));
    await kernels.import("k", from, context);
    expect((await kernels.bootSet("k")).needsAcpi).toBe(false);
  });

  test("is the newest of boot else, with its modules", async () => {
    put("boot/vmlinuz-6.9.1", "not this");
    put(`boot/vmlinuz-${VERSION}`, makeBzImage(kernel, VERSION));
    put("lib/modules/7.0/virtio_blk.ko", "not this");
    for (const name of DRIVERS) put(`lib/modules/${VERSION}/kernel/${name}.ko`, module(name));
    expect((await kernels.import("k", from, context)).modules).toEqual(DRIVERS);
  });

  test("may be a lone compressed vmlinux", async () => {
    put("vmlinux-6.12-x86_64.zst", zstdCompressSync(kernel));
    expect(await kernels.import("k", from, context)).toMatchObject({ version: VERSION });
  });

  const cases: Record<string, [() => void, string]> = {
    "with nothing in its folder": [() => put("x", ""), "no_kernel_in_folder"],
    "without a folder": [ignore, "folder_not_found"],
    "from a file": [() => (put("x", ""), (from = join(from, "x"))), "not_a_folder"],
    "that is none": [() => put("vmlinux", "#!/bin/sh\n"), "not_a_kernel"],
    "that was cut off": [() => put("vmlinux", kernel.subarray(0, 60)), "not_a_kernel"],
    "with another digest than announced": [
      () => (put("vmlinux", kernel), put("metadata.json", JSON.stringify({ kernel: "vmlinux", sha256: "0".repeat(64) }))),
      "digest_mismatch",
    ],
    "with metadata that is a link": [() => (put("vmlinux", kernel), symlinkSync(agentPath(), join(from, "metadata.json"))), "bad_metadata"],
    "with metadata that is not JSON": [() => put("metadata.json", "{"), "bad_metadata"],
    "with an unknown word in its metadata": [() => put("metadata.json", '{"kernel":"vmlinux","kernal":1}'), "bad_metadata"],
    "of a distribution that no catalog may name": [() => put("metadata.json", '{"kernel":"vmlinux","distro":"My Distro"}'), "bad_metadata"],
    "of a version that is none": [() => put("metadata.json", '{"kernel":"vmlinux","version":"6.1 odd"}'), "bad_metadata"],
    "with metadata that leads out": [() => put("metadata.json", '{"kernel":"../vmlinux"}'), "bad_metadata"],
    "for another machine": [() => put("metadata.json", '{"kernel":"vmlinux","arch":"arm64"}'), "bad_metadata"],
    "of another version than it says": [
      () => (put("vmlinux", kernel), put("metadata.json", '{"kernel":"vmlinux","version":"6.1"}')),
      "other_version",
    ],
    "that is not there": [() => put("metadata.json", '{"kernel":"vmlinux"}'), "file_not_found"],
    "that is a link": [() => (put("x", ""), symlinkSync(agentPath(), join(from, "vmlinux"))), "no_kernel_in_folder"],
    "in a boot that is a link": [
      () => (
        put("x", ""),
        mkdirSync(join(home, "b")),
        writeFileSync(join(home, "b/vmlinux"), kernel),
        symlinkSync(join(home, "b"), join(from, "boot"))
      ),
      "no_kernel_in_folder",
    ],
    "by metadata through a link": [
      () => (
        put("metadata.json", '{"kernel":"d/vmlinux"}'),
        mkdirSync(join(home, "b")),
        writeFileSync(join(home, "b/vmlinux"), kernel),
        symlinkSync(join(home, "b"), join(from, "d"))
      ),
      "file_not_found",
    ],
    "with modules of another kernel": [
      () => (put("vmlinux", kernel), DRIVERS.forEach((name) => put(`lib/modules/1/${name}.ko`, module(name, [], "1")))),
      "modules_of_other_kernel",
    ],
    "with modules that are none": [
      () => (put("vmlinux", kernel), put("config", CONFIG.replace("CONFIG_VIRTIO_BLK=y", "")), put("lib/modules/1/virtio_blk.ko", "x")),
      "not_a_module",
    ],
    "that lacks drivers by its configuration": [() => (put("vmlinux", kernel), put("config", "CONFIG_VIRTIO_BLK=y\n")), "drivers_missing"],
  };
  test("that cannot be read is told by its path", async () => {
    put("vmlinux", kernel);
    const long = join(from, "x".repeat(300));
    expect(await kernels.import("k", long, context).catch((error: unknown) => error)).toMatchObject({
      code: "file_unusable",
      message: expect.stringContaining("name too long") as string,
    });
    const closed = open(() => ({
      read: async (path) => {
        throw Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: "EACCES", path });
      },
    }));
    expect(await closed.import("k", from, context).catch((error: unknown) => error)).toMatchObject({
      code: "file_unusable",
      hint: `ls -ld ${from}/vmlinux; you have to be able to read it`,
    });
    expectNothingLeft();
  });

  test("with several things wrong in its metadata is refused with each by its key, and what to edit", async () => {
    put("metadata.json", '{"kernel":"../vmlinux","kernal":1,"needsAcpi":"no"}');
    const told = await kernels.import("k", from, context).catch((error: unknown) => error);
    expect(told).toMatchObject({ hint: `edit ${from}/metadata.json; only "kernel" must be in it` });
    const said = told instanceof Error ? told.message : "";
    expect(said.split("as it should be: ")[1]?.split("; ").toSorted()).toEqual([
      "kernal: there is no such key",
      "kernel: must be a path inside the folder",
      "needsAcpi: must be true or false",
    ]);
  });

  test.each(Object.entries(cases))("%s is refused, and nothing stays", async (_name, [prepare, code]) => {
    prepare();
    expect(await codeOf(kernels.import("k", from, context))).toBe(code);
    expectNothingLeft();
  });
});

describe("a boot set", () => {
  beforeEach(async () => {
    await kernels.pull("debian-6.12", "k", context);
  });

  test("is the kernel, and its modules with the agent behind them", async () => {
    const set = await kernels.bootSet("k");
    expect(set).toMatchObject({ kernelPath: join(store(), "k/vmlinux"), needsAcpi: true, version: VERSION });
    const initrd = readFileSync(set.initrdPath);
    const modules = readFileSync(join(store(), "k/modules.cpio"));
    expect(initrd.subarray(0, modules.length).equals(modules)).toBe(true);
    expect(initrd.includes("virtio_mmio.ko\nvirtio_blk.ko\nnet_failover.ko\nvirtio_net.ko\noverlay.ko\nsquashfs.ko\n")).toBe(true);
    expect(initrd.subarray(modules.length).includes("the agent")).toBe(true);
  });

  test("is put together once, also for many at a time", async () => {
    const sets = await Promise.all([1, 2, 3].map(() => kernels.bootSet("k")));
    expect(new Set(sets.map(({ initrdPath }) => initrdPath)).size).toBe(1);
    expect(readdirSync(join(home, "cache/initrds")).length).toBe(1);
  });

  test("is another one for another agent, and the old one goes after a while", async () => {
    const old = (await kernels.bootSet("k")).initrdPath;
    writeFileSync(agentPath(), "a newer agent");
    const set = await kernels.bootSet("k");
    expect(set.initrdPath).not.toBe(old);
    expect(existsSync(old)).toBe(true);
    utimesSync(old, 1, 1);
    writeFileSync(agentPath(), "the newest agent");
    await kernels.bootSet("k");
    expect(existsSync(old)).toBe(false);
    expect(existsSync(set.initrdPath)).toBe(true);
  });

  test("is refused without an agent, or with changed modules", async () => {
    rmSync(agentPath());
    expect(await codeOf(kernels.bootSet("k"))).toBe("agent_missing");
    writeFileSync(agentPath(), "x");
    const path = join(store(), "k/modules.cpio");
    chmodSync(path, 0o600);
    writeFileSync(path, Buffer.from(readFileSync(path)).reverse());
    expect(await codeOf(kernels.bootSet("k"))).toBe("kernel_damaged");
  });
});

describe("a damaged kernel", () => {
  beforeEach(async () => {
    await kernels.pull("debian-6.12", "k", context);
    for (const file of ["manifest.json", "vmlinux"]) chmodSync(join(store(), "k", file), 0o600);
  });

  const spoils: Record<string, () => void> = {
    "no manifest": () => rmSync(join(store(), "k/manifest.json")),
    "a manifest that is not JSON": () => writeFileSync(join(store(), "k/manifest.json"), "{"),
    "a manifest with an unknown word": () => {
      const path = join(store(), "k/manifest.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("{", '{"more":1,'));
    },
    "a manifest of another": () => {
      const path = join(store(), "k/manifest.json");
      writeFileSync(path, readFileSync(path, "utf8").replace('"name": "k"', '"name": "j"'));
    },
    "no vmlinux": () => rmSync(join(store(), "k/vmlinux")),
    "a vmlinux of another size": () => writeFileSync(join(store(), "k/vmlinux"), "x"),
  };
  test.each(Object.entries(spoils))("with %s is listed with its problem, not booted, and can be deleted", async (_name, spoil) => {
    spoil();
    const [listed] = await kernels.list();
    expect(listed).toMatchObject({ name: "k" });
    expect(listed?.problems.length).toBe(1);
    expect(await codeOf(kernels.bootSet("k"))).toBe("kernel_damaged");
    await kernels.delete("k", () => undefined);
    expectNothingLeft();
  });
});

test("what is not there is named with the command that gets it", async () => {
  expect(await kernels.get("debian-6.12").catch((error: unknown) => error)).toMatchObject({
    code: "kernel_not_found",
    hint: "banger kernel pull debian-6.12",
  });
  for (const name of ["../../etc", "", ".tmp-x", "A"]) expect(await codeOf(kernels.get(name))).toBe("kernel_not_found");
  expect(await codeOf(kernels.delete("gone", () => undefined))).toBe("kernel_not_found");
  expect(await kernels.list()).toEqual([]);
});

test("reconcile removes what a dead daemon was making, and nothing else", async () => {
  await kernels.pull("debian-6.12", "k", context);
  for (const name of [".tmp-1", ".tmp-2"]) mkdirSync(join(store(), name));
  leases.push({ kind: "store-folder", key: join(store(), ".tmp-1"), vmId: undefined, operationId: "dead" });
  leases.push({ kind: "store-folder", key: join(store(), ".tmp-gone"), vmId: undefined, operationId: "dead" });
  const other = { kind: "store-folder", key: join(home, "data/images/.tmp-1"), vmId: undefined, operationId: "dead" } as const;
  leases.push(other);
  await open().reconcile();
  await open().reconcile();
  expect(readdirSync(store())).toEqual(["k"]);
  expect(leases).toEqual([other]);
});

describe("kernels of the same content", () => {
  beforeEach(async () => {
    put("vmlinux", kernel);
    put("config", CONFIG);
    await kernels.import("one", from, context);
    await kernels.import("two", from, context);
  });
  const blobs = () => readdirSync(join(home, "data/blobs"));
  const inode = (name: string) => statSync(join(store(), name, "vmlinux")).ino;

  test("take the room of one, and the last of them frees it", async () => {
    expect(inode("one")).toBe(inode("two"));
    expect(blobs()).toHaveLength(1);
    await kernels.delete("one", ignore);
    expect(blobs()).toHaveLength(1);
    expect(await kernels.verify("two", context.signal)).toEqual([]);
    await kernels.delete("two", ignore);
    expect(blobs()).toEqual([]);
  });

  test("do not share what was damaged", async () => {
    chmodSync(join(store(), "one/vmlinux"), 0o644);
    writeFileSync(join(store(), "one/vmlinux"), "damaged");
    await kernels.import("three", from, context);
    expect(await kernels.verify("three", context.signal)).toEqual([]);
    expect(inode("three")).not.toBe(inode("one"));
  });

  test("can be had by another name, whole, and nothing is left behind", async () => {
    const { createdAt } = await kernels.get("one");
    expect(await kernels.rename("one", "new", ignore)).toMatchObject({ name: "new", createdAt, problems: [] });
    expect(readdirSync(store()).toSorted()).toEqual(["new", "two"]);
    expect(inode("new")).toBe(inode("two"));
    expect(leases).toEqual([]);
    expect(await codeOf(kernels.rename("new", "two", ignore))).toBe("kernel_exists");
    expect(await codeOf(kernels.rename("nothing", "x", ignore))).toBe("kernel_not_found");
    const refuse = () => {
      throw new Error("in use");
    };
    expect(await codeOf(kernels.rename("new", "x", refuse))).toMatchObject({ message: "in use" });
    expect(readdirSync(store()).toSorted()).toEqual(["new", "two"]);
  });

  test("stay whole where the new name is the one that they have", async () => {
    const before = await kernels.get("one");
    expect(await kernels.rename("one", "one", ignore)).toEqual(before);
    expect(readdirSync(store()).toSorted()).toEqual(["one", "two"]);
    expect(await kernels.verify("one", context.signal)).toEqual([]);
  });

  test("are renamed and deleted by one of those who want it at once, and the others are told that it is gone", async () => {
    const both = await Promise.all([codeOf(kernels.delete("one", ignore)), codeOf(kernels.delete("one", ignore))]);
    expect(both).toEqual(["done", "kernel_not_found"]);
    const names = ["a", "b", "c"];
    const renamed = names.map((name) => codeOf(kernels.rename("two", name, ignore)));
    const deleted = codeOf(kernels.delete("two", ignore));
    expect((await Promise.all([...renamed, deleted])).slice(1)).toEqual(["kernel_not_found", "kernel_not_found", "kernel_not_found"]);
    expect(readdirSync(store())).toEqual(["a"]);
    expect(leases).toEqual([]);
  });

  test("keep the old name, and no other, where something takes one while it is renamed", async () => {
    let asked = 0;
    const taken = () => {
      asked += 1;
      if (asked > 1) throw new Error("in use");
    };
    expect(await codeOf(kernels.rename("one", "new", taken))).toMatchObject({ message: "in use" });
    expect(readdirSync(store()).toSorted()).toEqual(["one", "two"]);
    expect(await kernels.verify("one", context.signal)).toEqual([]);
    expect(leases).toEqual([]);
  });

  test("tell a disk that does not answer while one is renamed, and keep the old name alone", async () => {
    const broken = open((files) => ({
      link: async (linked, to) => {
        await files.link(linked, to);
        throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
      },
    }));
    expect(await codeOf(broken.rename("one", "new", ignore))).toBe("EIO");
    expect(readdirSync(store()).toSorted()).toEqual(["one", "two"]);
    expect(leases).toEqual([]);
  });

  test("are copied to another name where there are no links", async () => {
    const without = open(() => ({
      link: async () => {
        throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
      },
    }));
    expect(await without.rename("one", "new", ignore)).toMatchObject({ name: "new", problems: [] });
    expect(await kernels.verify("new", context.signal)).toEqual([]);
    expect(readdirSync(store()).toSorted()).toEqual(["new", "two"]);
  });

  test("that were being renamed when the daemon died are by the same words", async () => {
    const manifest = { ...(JSON.parse(readFileSync(join(store(), "one/manifest.json"), "utf8")) as object), name: "new" };
    mkdirSync(join(store(), "new"));
    writeFileSync(join(store(), "new/manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
    linkSync(join(store(), "one/vmlinux"), join(store(), "new/vmlinux"));
    expect(await kernels.rename("one", "new", ignore)).toMatchObject({ name: "new", problems: [] });
    expect(readdirSync(store()).toSorted()).toEqual(["new", "two"]);
  });

  test("are bundled alike, into a folder that is left as it was when that fails", async () => {
    const place = join(home, "place");
    mkdirSync(place);
    const { file, sha256, path } = await kernels.bundle("one", place, context);
    expect(file).toBe(`one-amd64-${sha256.slice(0, 16)}.tar.zst`);
    expect(createHash("sha256").update(readFileSync(path)).digest("hex")).toBe(sha256);
    expect(await kernels.bundle("one", place, context)).toMatchObject({ path, sha256 });
    expect(readdirSync(place)).toEqual([file]);
    writeFileSync(path, "another");
    expect(await codeOf(kernels.bundle("one", place, context))).toBe("file_exists");
    expect(await codeOf(kernels.bundle("one", join(home, "nowhere"), context))).toBe("folder_not_found");
    expect(readdirSync(place)).toEqual([file]);
    expect(leases).toEqual([]);
    // What a daemon that died left behind, the next one removes.
    writeFileSync(join(place, ".one-x.tar.zst"), "half");
    leases = [{ kind: "bundle-draft", key: join(place, ".one-x.tar.zst"), vmId: undefined, operationId: "dead" }];
    await open().reconcile();
    expect(readdirSync(place)).toEqual([file]);
    expect(leases).toEqual([]);
  });

  test("that are called what no catalog may say are not bundled, and it is said what is wrong", async () => {
    const path = join(store(), "one/manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as object;
    chmodSync(path, 0o644);
    writeFileSync(path, JSON.stringify({ ...manifest, distro: "My Distro", version: "6.12.9/x" }));
    const refused: unknown = await kernels.bundle("one", home, context).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "kernel_not_bundled",
      message: expect.stringMatching(/distro: is no name .*; version: is no version/) as string,
    });
    expect(leases).toEqual([]);
  });

  test("tell of a folder that cannot be written to, and of what went while they were bundled", async () => {
    for (const folder of ["/proc", "/sys"]) expect(await codeOf(kernels.bundle("one", folder, context))).toBe("folder_unusable");
    const place = join(home, "place");
    const meanwhile = (work: () => unknown): Kernels =>
      open((files) => ({
        sync: async (path) => {
          if (path.startsWith(place)) await work();
          await files.sync(path);
        },
      }));
    mkdirSync(place);
    const without = meanwhile(() => rmSync(place, { recursive: true }));
    expect(await codeOf(without.bundle("one", place, context))).toBe("folder_not_found");
    mkdirSync(place);
    const deleted = open((files) => ({
      openWrite: (path, ...more) => {
        rmSync(join(store(), "two"), { recursive: true });
        return files.openWrite(path, ...more);
      },
    }));
    expect(await codeOf(deleted.bundle("two", place, context))).toBe("kernel_not_found");
    expect(readdirSync(place)).toEqual([]);
    expect(leases).toEqual([]);
  });

  test("a blob that nothing uses goes when the daemon starts", async () => {
    writeFileSync(join(home, "data/blobs/sha256-x"), "x");
    await open().reconcile();
    expect(blobs()).toHaveLength(1);
  });
});
