import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Vm } from "../../contract/schemas/vm.ts";
import { makeLeases } from "../../operations/leases-rows.ts";
import { OPERATIONS_MIGRATIONS } from "../../operations/operations-rows.ts";
import { makeOperations } from "../../operations/make-operations.ts";
import type { OperationContext } from "../../operations/operations.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/log.ts";
import type { System } from "../../system/system.ts";
import { makeBuilds } from "../../builds/make-builds.ts";
import { makeFakeRooms } from "../fake-rooms.ts";
import { makeGate } from "./gate.ts";
import { makeStorage } from "./make-storage.ts";
import type { PruneRequest, StorageParts } from "./storage.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const HOUR_MS = 3_600_000;
const NOTHING: PruneRequest = {
  images: false,
  kernels: false,
  vms: false,
  dryRun: false,
  olderThanMs: undefined,
  keepBytes: undefined,
  before: undefined,
};
let home: string;
let system: System;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "banger-storage-"));
  const real = makeSystem({ BANGER_HOME: home }, silent);
  // What follows is later, also in the same millisecond.
  let looks = 0;
  system = { ...real, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + (looks += 1) } };
});
afterEach(() => rmSync(home, { recursive: true }));

/** A file of 8 KiB that was last used some hours ago. */
function put(path: string, hoursAgo: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(8192, 1));
  const seconds = (Date.now() - hoursAgo * HOUR_MS) / 1000;
  utimesSync(path, seconds, seconds);
}

async function openWorld(more: Partial<StorageParts> = {}) {
  const database = system.databases.open(":memory:", OPERATIONS_MIGRATIONS);
  const operations = makeOperations(database, system);
  const leases = makeLeases(database);
  const { vms, kernels, images } = makeFakeRooms(system);
  const gate = makeGate();
  const agentPath = join(system.layout.agents, "banger-agent-now");
  const parts: StorageParts = {
    system,
    vms,
    kernels,
    images,
    builds: makeBuilds({ system, vms, images, leases, uid: 0, variables: {}, onTrouble: () => undefined }),
    operations,
    leases,
    agentPath,
    gate,
    defaultImage: "default",
    leftovers: async () => [],
    ...more,
  };
  const storage = makeStorage(parts);
  /** As an operation, to its output. */
  const run = async <T>(work: (context: OperationContext) => Promise<T>, name = "test"): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { id } = operations.start(name, "", (context) => work(context).then(resolve, reject));
    const result = await promise;
    for await (const _ of operations.watch(id, 0)) continue;
    return result;
  };
  const prune = (request: Partial<PruneRequest> = {}) =>
    run((context) => storage.prune({ ...NOTHING, ...request }, context), "system.prune");
  const names = async (request: Partial<PruneRequest>): Promise<readonly string[]> =>
    (await prune(request)).items
      .filter(({ kept }) => kept === null)
      .map(({ kind, name }) => `${kind} ${name}`)
      .toSorted();
  return { storage, parts, prune, names, run, gate, leases, operations, vms, kernels, images };
}

function fillCaches(): void {
  const { downloads, blanks, agents } = system.layout;
  put(join(downloads, "sha256-old"), 48);
  put(join(downloads, "sha256-new"), 1);
  put(join(downloads, ".verify-1/Release"), 48);
  put(join(blanks, "blank-1-2.ext4"), 2);
  put(join(blanks, ".draft-2"), 2);
  put(join(agents, "banger-agent-before"), 100);
  put(join(agents, "banger-agent-now"), 100);
}

describe("prune", () => {
  test("first looks and changes nothing, then removes what it showed and leaves what is in use", async () => {
    fillCaches();
    const { prune, names, leases } = await openWorld();
    const all = ["agent banger-agent-before", "blank blank-1-2.ext4", "download sha256-new", "download sha256-old"];
    expect(await names({ dryRun: true })).toEqual(all);
    expect(readdirSync(system.layout.downloads)).toContain("sha256-old");
    const { usedBytes, items } = await prune();
    // The dry run is an ended operation by now, and none that anybody has to hear of.
    expect(items.map(({ kind }) => kind).toSorted()).toEqual(["agent", "blank", "download", "download"]);
    expect((await prune()).items).toEqual([]);
    expect(usedBytes).toBe(4 * 8192);
    expect(readdirSync(system.layout.downloads)).toEqual([".verify-1"]);
    expect(readdirSync(system.layout.agents)).toEqual(["banger-agent-now"]);
    expect(leases.list()).toEqual([]);
  });

  test("keeps to its budgets", async () => {
    fillCaches();
    const { names } = await openWorld();
    expect(await names({ dryRun: true, olderThanMs: 24 * HOUR_MS })).toEqual(["agent banger-agent-before", "download sha256-old"]);
    expect(await names({ dryRun: true, keepBytes: 3 * 8192, before: 0 })).toEqual([]);
    expect((await names({ dryRun: true, keepBytes: 3 * 8192 })).filter((name) => !name.startsWith("operation"))).toEqual([
      "agent banger-agent-before",
    ]);
  });

  test("forgets what steps of builds left, also when images are pruned, and as a whole", async () => {
    const { builds } = system.layout;
    const steps = ["a", "b"].map((letter) => letter.repeat(64));
    const putSteps = (): void => {
      for (const [at, step] of steps.entries()) put(join(builds, step, "layer.ext4"), 48 * at + 1);
      put(join(builds, ".draft-1/layer.ext4"), 48);
    };
    putSteps();
    mkdirSync(system.layout.roots.state);
    const { storage, names, run } = await openWorld();
    const use = async () => (await storage.measure()).uses.find(({ kind }) => kind === "build cache");
    expect(await use()).toMatchObject({ count: 2, usedBytes: 2 * 8192, reclaimableBytes: 2 * 8192, needs: null });
    expect(await names({ olderThanMs: 24 * HOUR_MS })).toEqual([`build cache ${steps[1]}`]);
    expect(readdirSync(builds).toSorted()).toEqual([".draft-1", steps[0] ?? ""]);
    putSteps();
    const pruneImages = (dryRun: boolean) => run((context) => storage.pruneImages({ all: false, dryRun, before: undefined }, context));
    for (const dryRun of [true, false]) expect(await pruneImages(dryRun)).toMatchObject({ dryRun, usedBytes: 2 * 8192 });
    expect(readdirSync(builds)).toEqual([".draft-1"]);
    expect(await pruneImages(false)).toMatchObject({ items: [] });
    expect(await use()).toMatchObject({ count: 0 });
  });

  test("takes images and kernels only when told to, and only those that nobody uses", async () => {
    const { names, run, vms, images, kernels } = await openWorld();
    for (const name of ["used", "free"]) {
      await run((context) => images.pull(name, name, context));
      await run((context) => kernels.pull(name, name, context));
    }
    await run((context) => vms.create({ name: "dev", image: "used", kernel: "used" }, context));
    const goods = async (request: Partial<PruneRequest>) => (await names(request)).filter((name) => !name.startsWith("operation"));
    expect(await goods({})).toEqual([]);
    expect(await goods({ images: true })).toEqual(["image free"]);
    expect(await goods({ kernels: true })).toEqual(["kernel free"]);
    expect((await images.list()).map(({ name }) => name)).toEqual(["used"]);
    expect((await kernels.list()).map(({ name }) => name)).toEqual(["used"]);
  });

  test("of images takes what is broken, and when told to all that nobody uses but the default one", async () => {
    const { images } = makeFakeRooms(system);
    const looked = async () =>
      (await images.list()).map((image) => (image.name.startsWith("odd") ? { ...image, problems: ["its base is missing"] } : image));
    const { storage, run, vms } = await openWorld({ images: { ...images, list: looked } });
    for (const name of ["used", "free", "default", "odd", "odd-used"]) await run((context) => images.pull(name, name, context));
    await run((context) => vms.create({ name: "dev", image: "used" }, context));
    await run((context) => vms.create({ name: "other", image: "odd-used" }, context));
    const going = async (all: boolean, dryRun: boolean, before?: number): Promise<readonly string[]> => {
      const { items } = await run((context) => storage.pruneImages({ all, dryRun, before }, context));
      return items.map(({ name, kept }) => `${name}${kept === null ? "" : ": kept"}`);
    };
    expect(await going(false, true)).toEqual(["odd"]);
    expect(await going(true, true)).toEqual(["free", "odd"]);
    expect(await going(true, false, 0)).toEqual([]);
    expect(await going(false, false)).toEqual(["odd"]);
    expect(await going(true, false)).toEqual(["free"]);
    expect((await images.list()).map(({ name }) => name).toSorted()).toEqual(["default", "odd-used", "used"]);
  });

  test("a kernel that an image names stays", async () => {
    const { images } = makeFakeRooms(system);
    const withKernel = { ...images, list: async () => [{ name: "i", kernelRef: "k" }] } as unknown as StorageParts["images"];
    const { names, run, kernels } = await openWorld({ images: withKernel });
    await run((context) => kernels.pull("k", "k", context));
    expect((await names({ kernels: true })).filter((name) => name.startsWith("kernel"))).toEqual([]);
  });

  test("takes a vm only when it is stopped and old, but what was left of an ephemeral one at once", async () => {
    const { prune, names, run, vms } = await openWorld();
    for (const [name, ephemeral] of [
      ["dev", false],
      ["old", false],
      ["left", true],
    ] as const) {
      await run((context) => vms.create({ name, ephemeral }, context));
      if (name !== "dev") await run((context) => vms.stop(name, 0, context));
    }
    await expect(prune({ vms: true })).rejects.toMatchObject({ code: "vms_need_age" });
    const gone = async (request: Partial<PruneRequest>) => (await names(request)).filter((name) => name.startsWith("vm"));
    expect(await gone({ vms: true, olderThanMs: HOUR_MS })).toEqual([]);
    expect(await gone({ dryRun: true, vms: true, olderThanMs: -HOUR_MS })).toEqual(["vm left", "vm old"]);
    expect(await gone({})).toEqual(["vm left"]);
    expect((await vms.list()).map(({ name }: Vm) => name)).toEqual(["dev", "old"]);
  });

  test("removes nothing that could be used by what is under way, and says so", async () => {
    fillCaches();
    const { prune, gate } = await openWorld();
    const creating = Promise.withResolvers<void>();
    const work = gate.share(() => creating.promise);
    const { items, usedBytes } = await prune();
    expect(new Set(items.map(({ kept }) => kept))).toEqual(new Set(["a vm is being made or started, or goods are fetched"]));
    expect(usedBytes).toBe(0);
    expect(readdirSync(system.layout.downloads)).toContain("sha256-old");
    creating.resolve();
    await work;
    expect((await prune()).usedBytes).toBe(4 * 8192);
  });

  test("what became used between look and removal stays", async () => {
    const world = await openWorld();
    await world.run((context) => world.images.pull("late", "late", context));
    let asked = 0;
    const vms: StorageParts["vms"] = { ...world.vms, usersOf: () => ((asked += 1) > 1 ? ["dev"] : []) };
    const storage = makeStorage({ ...world.parts, vms });
    const { items } = await world.run((context) => storage.prune({ ...NOTHING, images: true }, context));
    expect(items.find(({ kind }) => kind === "image")).toMatchObject({
      name: "late",
      kept: "cannot delete image late: vm dev holds it",
    });
    expect(await world.images.list()).toHaveLength(1);
  });

  test("what cannot be removed keeps nothing else, and is told as a failure", async () => {
    fillCaches();
    const world = await openWorld();
    await world.run((context) => world.images.pull("late", "late", context));
    const failure = Object.assign(new Error("EIO: i/o error, rename"), { code: "EIO" });
    const images: StorageParts["images"] = { ...world.images, delete: () => Promise.reject(failure) };
    const storage = makeStorage({ ...world.parts, images });
    const pruning = world.run((context) => storage.prune({ ...NOTHING, images: true }, context));
    await expect(pruning).rejects.toMatchObject({
      code: "host_eio",
      message: "cannot remove image late: the disk does not answer: EIO: i/o error, rename; everything else that was to go is gone",
    });
    expect(readdirSync(system.layout.downloads)).not.toContain("sha256-old");
    expect(world.leases.list()).toEqual([]);
  });

  test("what a daemon began to remove and did not live to is removed by the next", async () => {
    fillCaches();
    const { storage, leases } = await openWorld();
    const path = join(system.layout.downloads, "sha256-old");
    leases.write({ kind: "prune", key: path, vmId: undefined, operationId: "0123456789abcdef" });
    for (const _round of [1, 2]) {
      await storage.reconcile();
      expect(readdirSync(system.layout.downloads).toSorted()).toEqual([".verify-1", "sha256-new"]);
      expect(leases.list()).toEqual([]);
    }
  });
});

test("records of ended operations go, and those of looking for them are nothing to be removed", async () => {
  const { prune, run, operations } = await openWorld();
  await run(async () => undefined);
  const looked = await prune({ dryRun: true });
  expect(looked.items).toMatchObject([{ kind: "operation", name: "1", usedBytes: 0 }]);
  expect(operations.list()).toHaveLength(2);
  await prune();
  expect(new Set(operations.list().map(({ name }) => name))).toEqual(new Set(["system.prune"]));
});

test("what kernels share is counted once, and goes with the last of them", async () => {
  put(system.layout.database, 1);
  const { storage, run, kernels, vms } = await openWorld();
  const at = (name: string): string => join(system.layout.kernels, name, "vmlinux");
  for (const name of ["a", "b", "c"]) await run((context) => kernels.pull(name, name, context));
  put(at("a"), 1);
  for (const name of ["b", "c"]) {
    mkdirSync(dirname(at(name)), { recursive: true });
    linkSync(at("a"), at(name));
  }
  const measured = async () => (await storage.measure()).uses.find(({ kind }) => kind === "kernel");
  expect(await measured()).toMatchObject({ count: 3, usedBytes: 8192, reclaimableBytes: 8192 });
  await run((context) => vms.create({ name: "dev", kernel: "b" }, context));
  expect(await measured()).toMatchObject({ count: 3, usedBytes: 8192, reclaimableBytes: 0 });
});

test("what nothing holds is counted, and left to the doctor", async () => {
  const left = join(system.layout.vms, "00000000000f");
  put(join(left, "layer.ext4"), 1);
  const leftovers: StorageParts["leftovers"] = async () => [
    { kind: "vm folder", what: left },
    { kind: "process", what: "1" },
  ];
  const { storage, prune } = await openWorld({ leftovers });
  const use = (await storage.measure()).uses.find(({ kind }) => kind === "leftover");
  expect(use).toEqual({ kind: "leftover", count: 1, bytes: 8192, usedBytes: 8192, reclaimableBytes: 0, needs: null });
  expect(await prune()).toMatchObject({ items: [], leftovers: 1 });
  expect(readdirSync(left)).toEqual(["layer.ext4"]);
});

test("half a file counts as left over, and not as what it was to be", async () => {
  const half = join(system.layout.downloads, "sha256-new.1-ab.new");
  put(half, 1);
  put(join(system.layout.downloads, "sha256-whole"), 1);
  put(system.layout.database, 1);
  const { storage, prune } = await openWorld({ leftovers: async () => [{ kind: "half a file", what: half }] });
  const uses = new Map((await storage.measure()).uses.map(({ kind, ...use }) => [kind, use]));
  expect(uses.get("download")).toMatchObject({ count: 1, usedBytes: 8192 });
  expect(uses.get("leftover")).toMatchObject({ count: 1, usedBytes: 8192 });
  expect(await prune()).toMatchObject({ items: [{ name: "sha256-whole" }], leftovers: 1 });
  expect(readdirSync(system.layout.downloads)).toEqual(["sha256-new.1-ab.new"]);
});

test("df counts what there is, and what could go of it", async () => {
  fillCaches();
  const { storage, run, vms } = await openWorld();
  await run((context) => vms.create({ name: "dev" }, context));
  const [vm] = await vms.list();
  put(join(system.layout.vmFolder(vm?.id ?? ""), "layer.ext4"), 0);
  put(join(system.layout.vmFolder(vm?.id ?? ""), "console.log"), 0);
  const measured = async () => new Map((await storage.measure()).uses.map(({ kind, ...use }) => [kind, use]));
  const running = await measured();
  expect(running.get("download")).toEqual({ count: 2, bytes: 16_384, usedBytes: 16_384, reclaimableBytes: 16_384, needs: null });
  expect(running.get("agent")).toMatchObject({ count: 2, reclaimableBytes: 8192 });
  expect(running.get("vm layer")).toEqual({ count: 1, bytes: 8192, usedBytes: 8192, reclaimableBytes: 0, needs: "vms" });
  expect(running.get("vm log")).toMatchObject({ count: 1, bytes: 8192 });
  // What takes room in the database counts there.
  for (const name of ["banger.db", "banger.db-wal", "ballast"]) put(join(system.layout.roots.state, name), 0);
  const later = await measured();
  expect(later.get("database")).toEqual({ count: 3, bytes: 3 * 8192, usedBytes: 3 * 8192, reclaimableBytes: 0, needs: null });
  expect(later.get("operation")).toMatchObject({ count: 1, usedBytes: 0, reclaimableBytes: 0 });
  await run((context) => vms.stop("dev", 0, context));
  expect((await measured()).get("vm layer")).toMatchObject({ reclaimableBytes: 8192 });
});
