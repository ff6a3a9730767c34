import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { makeVms } from "./make-vms.ts";
import { settle, until } from "./test-clock.ts";
import { makeContext, openTestWorld, type TestWorld } from "./test-world.ts";
import type { Vms } from "./vms.ts";

let world: TestWorld;
let vms: Vms;
beforeEach(() => {
  world = openTestWorld();
  vms = makeVms(world.dependencies);
});
afterEach(async () => {
  await vms.close();
  world[Symbol.dispose]();
});
const context = makeContext();

async function expectNothing(): Promise<void> {
  expect(await vms.list()).toEqual([]);
  expect(world.rows.list().records).toEqual([]);
  expect(world.leases.list()).toEqual([]);
  expect(world.alive.size).toBe(0);
  expect(await world.system.files.list(world.system.layout.vms)).toEqual([]);
}

describe("a creation", () => {
  test("makes and starts a vm, and says its generated name", async () => {
    const told = makeContext();
    const { name } = await vms.create({}, told);
    expect(told.subjects).toEqual([name]);
    expect(await vms.get(name)).toMatchObject({ state: "running", image: "debian-bookworm", kernel: "debian-6.12" });
    expect(await vms.create({ name: "other", start: false }, context)).toMatchObject({ state: "stopped" });
    expect(world.vmms).toHaveLength(1);
  });

  test("of a bad plan touches nothing", async () => {
    await expect(vms.create({ name: "dev", image: "nope", cpus: 99 }, context)).rejects.toMatchObject({ code: "bad_plan" });
    await expectNothing();
  });

  test("of a name that is taken touches nothing of who has it", async () => {
    await vms.create({ name: "dev" }, context);
    await expect(vms.create({ name: "dev" }, context)).rejects.toMatchObject({ code: "vm_exists" });
    expect(await vms.list()).toMatchObject([{ name: "dev", state: "running" }]);
  });

  test("that fails at a disk, at the boot or by being cancelled leaves nothing", async () => {
    world.behaviour.openLayer = async () => Promise.reject(new Error("no room"));
    await expect(vms.create({ name: "dev" }, context)).rejects.toThrow("no room");
    await expectNothing();
    world.behaviour.openLayer = async () => undefined;

    world.behaviour.openAgent = async () => {
      world.vmms.at(-1)?.end({ reason: "crashed", detail: "it is gone" });
      throw new Error("no agent");
    };
    await expect(vms.create({ name: "dev" }, context)).rejects.toMatchObject({ code: "vmm_gone" });
    await expectNothing();

    const cancel = new AbortController();
    world.behaviour.openAgent = (_agent, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const creating = vms.create({ name: "dev" }, makeContext(cancel.signal)).catch((error: unknown) => error);
    await until("a VMM", () => world.agents.length === 2);
    cancel.abort(new BangerError("cancelled", "cancelled", "somebody cancelled it"));
    expect(await creating).toMatchObject({ code: "cancelled" });
    await expectNothing();
  });

  test("that cannot be unmade is unmade later", async () => {
    const { removeTree } = world.behaviour;
    world.behaviour.openAgent = async () => {
      world.behaviour.removeTree = async () => Promise.reject(new Error("EIO"));
      world.vmms.at(-1)?.end({ reason: "crashed", detail: "it is gone" });
      throw new Error("no agent");
    };
    await expect(vms.create({ name: "dev" }, context)).rejects.toThrow();
    expect(world.rows.find("dev")?.state).toBe("deleting");
    expect(world.troubles).toBeGreaterThan(0);
    world.behaviour.removeTree = removeTree;
    await vms.reconcile();
    await expectNothing();
  });

  test("that somebody stops keeps the vm", async () => {
    world.behaviour.openAgent = (_agent, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const creating = vms.create({ name: "dev" }, context).catch((error: unknown) => error);
    await until("a VMM", () => world.agents.length === 1);
    await vms.stop("dev", 10_000, context);
    expect(await creating).toMatchObject({ code: "stopped_while_starting" });
    expect(await vms.get("dev")).toMatchObject({ state: "stopped" });
  });

  test("says that it is the config that names an image that is not there", async () => {
    const defaults = { ...world.dependencies.defaults, image: "gone", isImageConfigured: true };
    vms = makeVms({ ...world.dependencies, defaults });
    await expect(vms.create({ name: "dev" }, context)).rejects.toMatchObject({
      code: "image_not_found",
      message: "cannot create vm dev: there is no image gone; the config names it as default_image",
      hint: "another default_image: banger config show",
    });
    const asked = await vms.create({ name: "dev", image: "gone" }, context).catch((error: unknown) => error);
    expect(asked).toMatchObject({ message: "cannot create vm dev: there is no image gone" });
  });

  test("holds its goods from the plan on, and finds those gone that went before", async () => {
    const disk = Promise.withResolvers<void>();
    world.behaviour.openLayer = () => disk.promise;
    const creating = vms.create({ name: "dev" }, context);
    await until("it is being made", () => world.rows.find("dev") !== undefined);
    expect(vms.usersOf("image", "debian-bookworm")).toEqual(["dev"]);
    expect(vms.usersOf("kernel", "debian-6.12")).toEqual(["dev"]);
    expect(vms.usersOf("image", "other")).toEqual([]);
    disk.resolve();
    await creating;

    const { images } = world.dependencies;
    vms = makeVms({
      ...world.dependencies,
      images: {
        ...images,
        // Deleted between the plan and the row.
        parts: async (name) => {
          const found = await images.parts(name);
          world.images.delete(name);
          return found;
        },
      },
    });
    await expect(vms.create({ name: "late", start: false }, context)).rejects.toMatchObject({ code: "image_not_found" });
    expect(world.rows.find("late")).toBeUndefined();
    expect(vms.usersOf("image", "debian-bookworm")).toEqual([]);
  });

  test("under way is left alone when things are put in order", async () => {
    const disk = Promise.withResolvers<void>();
    world.behaviour.openLayer = () => disk.promise;
    const creating = vms.create({ name: "dev" }, context);
    await until("it is being made", () => world.rows.find("dev") !== undefined);
    await vms.reconcile();
    disk.resolve();
    expect(await creating).toMatchObject({ state: "running" });
  });
});

test("blanks are made for the next vm, and none on a full disk", async () => {
  let refills = 0;
  const refill = async (): Promise<void> => void (refills += 1);
  vms = makeVms({ ...world.dependencies, disks: { ...world.dependencies.disks, refill } });
  world.behaviour.freeBytes = 2 ** 20;
  await expect(vms.create({ name: "dev" }, context)).rejects.toMatchObject({ code: "host_disk_full" });
  await settle();
  expect(refills).toBe(0);
  world.behaviour.freeBytes = 2 ** 30;
  await vms.create({ name: "dev" }, context);
  await until("a refill", () => refills === 1);
});

describe("a deletion", () => {
  test("is refused while the guest runs; with force it is killed first", async () => {
    await vms.create({ name: "dev" }, context);
    await expect(vms.delete("dev", { force: false }, context)).rejects.toMatchObject({ code: "vm_cannot_delete" });
    await vms.delete("dev", { force: true }, context);
    expect(world.vmms[0]?.wasKilled).toBe(true);
    await expectNothing();
  });

  test("of an ephemeral vm is done once it has stopped", async () => {
    await vms.create({ name: "dev", ephemeral: true }, context);
    await vms.delete("dev", { force: true }, context);
    await expectNothing();
    await vms.create({ name: "dev", ephemeral: true }, context);
    expect(await vms.stop("dev", 10_000, context)).toMatchObject({ name: "dev", state: "stopped" });
    await expectNothing();
  });
});

test("a vm is found by its name or its id, and an operation is about its name", async () => {
  const { id } = await vms.create({ name: "dev" }, context);
  const told = makeContext();
  expect(await vms.stop(id, 10_000, told)).toMatchObject({ name: "dev", state: "stopped" });
  expect(told.subjects).toEqual(["dev"]);
  await expect(vms.get("nope")).rejects.toMatchObject({ code: "vm_not_found" });
});

test("listing never fails, and shows what cannot be measured", async () => {
  await vms.create({ name: "dev", start: false }, context);
  vms = makeVms({
    ...world.dependencies,
    disks: { ...world.dependencies.disks, allocatedBytes: async () => Promise.reject(new Error("EIO")) },
  });
  await vms.reconcile();
  expect(await vms.list()).toMatchObject([{ name: "dev", problems: [expect.stringContaining("EIO"), expect.stringContaining("EIO")] }]);
});

test("closing lets every guest run on", async () => {
  await vms.create({ name: "dev" }, context);
  await vms.close();
  await settle();
  expect(world.vmms[0]).toMatchObject({ wasKilled: false, wasLetGo: true });
  expect(world.rows.find("dev")?.state).toBe("running");
});
