import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { makeVms } from "./make-vms.ts";
import { BOOT_ID, settle, until } from "./test-clock.ts";
import { makeContext, openTestWorld, type TestWorld } from "./test-world.ts";
import type { VmBoot, VmRecord } from "./vm-record.ts";
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
const PID = 77;
function bootOf(id: string, bootId = BOOT_ID): VmBoot {
  return {
    vmm: { driver: "fake", vmId: id, identity: { pid: PID, startTicks: 1, bootId }, runFolder: world.system.layout.vmRunFolder(id) },
    acceleration: "none",
    accelerationReason: "",
    networkMode: "none",
    networkWhy: "",
    address: null,
    startedAt: 1,
    given: { name: "dev", cpus: 1, memoryMiB: 128, layerBytes: 2 ** 30, workBytes: 2 ** 30, env: {}, network: null },
    requirements: [],
    stages: [],
  };
}
const ID = "000000000001";
/** The row that a daemon left which died. */
const left = (state: VmRecord["state"], change: Parameters<TestWorld["insert"]>[0] = {}): VmRecord =>
  world.insert({ id: ID, name: "dev", state, ...change });
const running = (change: Parameters<TestWorld["insert"]>[0] = {}): VmRecord => left("running", { boot: bootOf(ID), ...change });
const row = (): VmRecord | undefined => world.rows.find(ID);
const folder = (): string => world.system.layout.vmFolder(ID);
const exists = async (path: string): Promise<boolean> => (await world.system.files.find(path)) !== undefined;

describe("what a daemon that died left", () => {
  test.each(["preparing", "deleting"] as const)("in state %s goes with all that is its own", async (state) => {
    left(state);
    await world.system.files.makeFolder(folder());
    world.leases.write({ kind: "vm-folder", key: folder(), vmId: ID, operationId: undefined });
    await vms.reconcile();
    expect(row()).toBeUndefined();
    expect(await exists(folder())).toBe(false);
    expect(world.leases.list()).toEqual([]);
  });

  test("a running VMM is taken over, once, and its agent found again", async () => {
    running();
    world.alive.add(PID);
    await vms.reconcile();
    await vms.reconcile();
    expect(world.vmms).toHaveLength(1);
    expect(row()).toMatchObject({ state: "running", problem: null });
    expect(await vms.agentOf("dev")).toBe(world.agents[0] as never);
    await vms.stop("dev", 10_000, context);
    expect(row()?.state).toBe("stopped");
  });

  test("what a guest was given and could not be written down is written by the same daemon, when it looks again", async () => {
    await vms.create({ name: "dev", start: true }, context);
    const [record] = world.rows.list().records;
    const update = world.rows.update.bind(world.rows);
    let writes = 0;
    world.dependencies.rows.update = (id, change) => {
      writes += 1;
      if (writes === 2) throw new Error("the disk says no");
      return update(id, change);
    };
    await vms.change("dev", { env: { CHANGED: "1" } }, context);
    expect(await vms.get("dev")).toMatchObject({ pending: [{ what: "environment" }] });
    expect(world.troubles).toBe(1);
    await vms.reconcile();
    await until("nothing to be pending", async () => (await vms.get("dev")).pending.length === 0);
    expect(world.rows.find(record?.id ?? "")?.boot?.given.env).toEqual({ CHANGED: "1" });
  });

  test("what waits for the next start of a guest is written down once, not by each daemon", async () => {
    running({ plan: { memoryMiB: 300 } });
    world.alive.add(PID);
    const before = world.rows.find(ID)?.generation;
    await vms.reconcile();
    expect(await vms.agentOf("dev")).toBe(world.agents[0] as never);
    await settle();
    expect(await vms.get("dev")).toMatchObject({ pending: [{ what: "memory" }] });
    expect(world.rows.find(ID)?.generation).toBe(before as never);
  });

  test.each([
    ["running", true, false],
    ["paused", false, true],
  ] as const)("a VMM whose vm is %s is made to be so", async (state, isStill, becomesStill) => {
    left(state, { boot: bootOf(ID) });
    world.alive.add(PID);
    const { adopt } = world.behaviour;
    world.behaviour.adopt = async (record, signal) => {
      const vmm = await adopt(record, signal);
      if (isStill) await vmm?.pause();
      return vmm;
    };
    await vms.reconcile();
    expect(world.vmms[0]?.isStill).toBe(becomesStill);
    expect(row()?.state).toBe(state);
    // A paused one is not even asked for its agent.
    await (isStill ? until("its clock is set", () => world.agents[0]?.clockSets === 1) : settle());
    expect(world.agents).toHaveLength(isStill ? 1 : 0);
  });

  test("a waiting for what makes a guest ready is given up, and the guest runs on", async () => {
    const waiting = { name: "web", kind: "tcp", state: "waiting", elapsedMs: null, why: null, hint: null } as const;
    running({ boot: { ...bootOf(ID), requirements: [waiting] } });
    world.alive.add(PID);
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "running", boot: { requirements: [{ name: "web", state: "unknown" }] } });
  });

  test("a guest that is gone was broken off, powered off, or ended with the computer", async () => {
    running();
    await vms.reconcile();
    expect(row()).toMatchObject({
      state: "broken",
      problem: "its VMM ended while the daemon was not there to see why",
      boot: { vmm: null },
    });

    world.rows.remove(ID);
    vms = makeVms(world.dependencies);
    running();
    world.behaviour.explainEnd = async () => ({ reason: "guest-power-off" });
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "stopped", problem: null });

    world.rows.remove(ID);
    world.behaviour.explainEnd = async () => ({ reason: "guest-panic", detail: "no init" });
    vms = makeVms(world.dependencies);
    running();
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "broken", problem: expect.stringContaining("guest-panic, no init") });

    world.rows.remove(ID);
    vms = makeVms(world.dependencies);
    running({ boot: bootOf(ID, "an earlier boot") });
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "stopped", problem: null });
  });

  test("a start is undone, and the VMM that it left is ended", async () => {
    left("starting", { boot: bootOf(ID) });
    world.alive.add(PID);
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "stopped", boot: { vmm: null } });
    expect(world.alive.has(PID)).toBe(false);
  });

  test("a stop goes on", async () => {
    left("stopping", { boot: bootOf(ID) });
    world.alive.add(PID);
    await vms.reconcile();
    await until("stopped", () => row()?.state === "stopped");
    expect(world.agents[0]?.powerOffs).toBe(1);
  });

  test("an ephemeral vm that has stopped goes", async () => {
    left("stopped", { plan: { ephemeral: true } });
    await vms.reconcile();
    expect(row()).toBeUndefined();
  });
});

describe("a VMM that cannot be taken over", () => {
  test("stays as it is, its vm is broken, and a kill ends it", async () => {
    running();
    world.alive.add(PID);
    world.behaviour.adopt = async () => Promise.reject(new Error("no monitor"));
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "broken", problem: `its VMM (process ${PID}) runs and cannot be reached: no monitor` });
    await vms.reconcile();
    expect(world.alive.has(PID)).toBe(true);
    await vms.kill("dev", context);
    expect(world.alive.has(PID)).toBe(false);
    expect(row()?.state).toBe("stopped");
  });

  test("since the computer was short of something, is tried again", async () => {
    running();
    world.alive.add(PID);
    const { adopt } = world.behaviour;
    world.behaviour.adopt = async () => Promise.reject(Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" }));
    await expect(vms.reconcile()).rejects.toThrow();
    expect(row()).toMatchObject({ state: "running", problem: null });
    world.behaviour.adopt = adopt;
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "running", problem: null });
    expect(world.vmms).toHaveLength(1);
  });

  test("of a driver that no longer is, too", async () => {
    running({ plan: { driver: "gone" } });
    world.alive.add(PID);
    await vms.reconcile();
    expect(row()).toMatchObject({ state: "broken", problem: expect.stringContaining("gone") });
    await vms.delete("dev", { force: true }, context);
    expect(world.alive.has(PID)).toBe(false);
    expect(row()).toBeUndefined();
  });

  test("of a driver that is no longer offered is taken over all the same", async () => {
    running();
    world.alive.add(PID);
    vms = makeVms({ ...world.dependencies, offered: [] });
    await vms.reconcile();
    expect(row()?.state).toBe("running");
    await vms.stop("dev", 10_000, context);
    expect(row()?.state).toBe("stopped");
  });
});

describe("a row that cannot be read", () => {
  beforeEach(async () => {
    left("stopped");
    world.database.run("UPDATE vms SET plan = ? WHERE id = ?", '{"from":"the future"}', ID);
    await world.system.files.makeFolder(folder());
    world.leases.write({ kind: "vm-folder", key: folder(), vmId: ID, operationId: undefined });
    await vms.reconcile();
  });

  test("keeps what is its own, and is shown", async () => {
    world.alive.add(PID);
    await world.behaviour.adopt(bootOf(ID).vmm as NonNullable<VmBoot["vmm"]>, context.signal);
    await vms.reconcile();
    expect(world.alive.has(PID)).toBe(true);
    expect(await exists(folder())).toBe(true);
    expect(world.leases.list()).toHaveLength(1);
    expect(await vms.list()).toMatchObject([{ name: "dev", state: "broken", problems: [expect.stringContaining("cannot be read")] }]);
    await expect(vms.start("dev", context)).rejects.toMatchObject({ code: "vm_unreadable" });
  });

  test("can be deleted with its VMM and its disks", async () => {
    world.alive.add(PID);
    await world.behaviour.adopt({ ...(bootOf(ID).vmm as NonNullable<VmBoot["vmm"]>) }, context.signal);
    await vms.delete("dev", { force: false }, context);
    expect(await vms.list()).toEqual([]);
    expect(await exists(folder())).toBe(false);
    expect(world.alive.has(PID)).toBe(false);
    expect(world.leases.list()).toEqual([]);
  });
});

describe("sweeping", () => {
  test("ends strays of this home and removes what no row holds, and nothing else", async () => {
    const stray = bootOf("0000000000aa").vmm as NonNullable<VmBoot["vmm"]>;
    const foreign = { ...stray, vmId: "0000000000bb", identity: { ...stray.identity, pid: 78 } };
    world.alive.add(PID).add(78);
    await world.behaviour.adopt(stray, context.signal);
    await world.behaviour.adopt(foreign, context.signal);
    await world.system.files.makeFolder(world.system.layout.vmFolder(stray.vmId));
    await vms.reconcile();
    expect(world.alive).toEqual(new Set([78]));
    expect(await exists(world.system.layout.vmFolder(stray.vmId))).toBe(false);
  });

  test("does what can be done, and says that something could not", async () => {
    world.insert({ id: "0000000000aa", name: "a", state: "deleting" });
    world.insert({ id: "0000000000bb", name: "b", state: "deleting" });
    const { removeTree } = world.behaviour;
    world.behaviour.removeTree = async (path) => {
      if (path.includes("0000000000aa")) throw new Error("EIO");
      await removeTree(path);
    };
    await expect(vms.reconcile()).rejects.toThrow("could not be reconciled");
    expect(world.rows.list().records.map(({ name }) => name)).toEqual(["a"]);
    world.behaviour.removeTree = removeTree;
    await vms.reconcile();
    expect(world.rows.list().records).toEqual([]);
  });
});
