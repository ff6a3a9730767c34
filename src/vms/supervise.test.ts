import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { resolveBoot } from "./boot.ts";
import { Supervisor } from "./supervise.ts";
import { settle, until } from "./test-clock.ts";
import { makeContext, openTestWorld, type TestWorld } from "./test-world.ts";
import type { VmRecord } from "./vm-record.ts";

let world: TestWorld;
let gone: string[];
beforeEach(() => {
  world = openTestWorld();
  gone = [];
});
afterEach(() => world[Symbol.dispose]());

const context = makeContext();
const never = context.signal;
function supervise(change: Parameters<TestWorld["insert"]>[0] = {}): Supervisor {
  const record = world.insert(change);
  return new Supervisor(record, world.dependencies, () => void gone.push(record.id));
}
const start = (vm: Supervisor, steps = context): Promise<void> =>
  vm.start(() => resolveBoot(vm.record, world.dependencies, steps.signal), steps);
async function started(change: Parameters<TestWorld["insert"]>[0] = {}): Promise<Supervisor> {
  const vm = supervise(change);
  await start(vm);
  return vm;
}
const row = (vm: Supervisor): VmRecord | undefined => world.rows.find(vm.record.id);
const hasRunFolder = async (vm: Supervisor): Promise<boolean> =>
  (await world.system.files.find(world.system.layout.vmRunFolder(vm.record.id))) !== undefined;
const failOnce = (what: "removeTree" | "removeLink", error = new Error("EIO")): void => {
  const original = world.behaviour[what];
  world.behaviour[what] = async () => {
    world.behaviour[what] = original;
    throw error;
  };
};
const dies = { reason: "guest-reset", detail: "it asked for a restart" } as const;

describe("a start", () => {
  test("writes the VMM down before it is waited for, and `running` before it is told", async () => {
    const waiting = Promise.withResolvers<void>();
    world.behaviour.openAgent = async (agent) => {
      await waiting.promise;
      return agent;
    };
    const vm = supervise();
    const starting = start(vm);
    await until("a VMM", () => world.agents.length === 1);
    expect(row(vm)).toMatchObject({ state: "starting", boot: { vmm: { identity: { pid: 1001 } }, startedAt: null } });
    waiting.resolve();
    await starting;
    expect(row(vm)).toMatchObject({ state: "running", problem: null, boot: { startedAt: expect.any(Number) } });
  });

  test("that is asked for twice, or again, moves once", async () => {
    const vm = supervise();
    await Promise.all([start(vm), start(vm)]);
    await start(vm);
    expect(world.vmms).toHaveLength(1);
  });

  test("that fails releases all of it in reverse and says why", async () => {
    world.behaviour.openAgent = async () => Promise.reject(new BangerError("unavailable", "not_ours", "it speaks another language"));
    const vm = supervise();
    const problem = `cannot start vm ${vm.record.name}: it speaks another language`;
    await expect(start(vm)).rejects.toMatchObject({ code: "not_ours", message: problem });
    expect(row(vm)).toMatchObject({ state: "broken", problem, boot: { vmm: null } });
    expect(world.vmms[0]?.wasKilled).toBe(true);
    expect(await hasRunFolder(vm)).toBe(false);
    expect(world.leases.list()).toEqual([]);
  });

  test("of a guest that is silent after its hello fails at the deadline", async () => {
    world.behaviour.configure = (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const vm = supervise();
    const starting = start(vm).catch((error: unknown) => error);
    await until("a question", () => world.agents.length === 1);
    await settle();
    world.clock.advance(60_000);
    expect(await starting).toMatchObject({ code: "guest_silent", message: expect.stringContaining(`cannot start vm ${vm.record.name}`) });
    expect(world.vmms[0]?.wasKilled).toBe(true);
    expect(row(vm)?.state).toBe("broken");
  });

  test("that is cancelled leaves the vm as it was", async () => {
    world.behaviour.openAgent = (_agent, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const cancel = new AbortController();
    const vm = supervise();
    const starting = start(vm, makeContext(cancel.signal)).catch((error: unknown) => error);
    await until("a VMM", () => world.agents.length === 1);
    cancel.abort(new BangerError("cancelled", "cancelled", "somebody cancelled it"));
    expect(await starting).toMatchObject({ code: "cancelled" });
    expect(row(vm)).toMatchObject({ state: "stopped", problem: null });
    expect(world.vmms[0]?.wasKilled).toBe(true);
  });

  test("is given up by a stop, which owns the state from then on", async () => {
    world.behaviour.openAgent = (_agent, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const vm = supervise();
    const starting = start(vm).catch((error: unknown) => error);
    await until("a VMM", () => world.agents.length === 1);
    await vm.stop(10_000, context);
    expect(await starting).toMatchObject({ code: "stopped_while_starting" });
    expect(row(vm)).toMatchObject({ state: "stopped", problem: null });
    expect(world.vmms[0]?.wasKilled).toBe(true);
  });
});

describe("a stop", () => {
  test("asks the guest, and needs no force when it goes", async () => {
    const vm = await started();
    await vm.stop(10_000, context);
    expect(world.agents[0]?.powerOffs).toBe(1);
    expect(world.vmms[0]?.wasKilled).toBe(false);
    expect(row(vm)).toMatchObject({ state: "stopped", boot: { vmm: null } });
  });

  test("forces when the grace is over", async () => {
    world.behaviour.powerOff = async () => undefined;
    const vm = await started();
    const stopping = vm.stop(10_000, context);
    await settle();
    expect(row(vm)?.state).toBe("stopping");
    world.clock.advance(10_000);
    await stopping;
    expect(world.vmms[0]?.wasKilled).toBe(true);
    expect(row(vm)?.state).toBe("stopped");
  });

  test("does not make a kill wait for it", async () => {
    world.behaviour.powerOff = async () => undefined;
    const vm = await started();
    const stopping = vm.stop(120_000, context);
    await settle();
    await Promise.all([vm.stop(0, context), stopping]);
    expect(world.vmms[0]?.wasKilled).toBe(true);
    expect(row(vm)?.state).toBe("stopped");
  });

  test("does not wait for a guest that cannot be asked, since its agent is of another version", async () => {
    const vm = await started();
    world.behaviour.openAgent = async () =>
      Promise.reject(new BangerError("unsupported", "agent_protocol_mismatch", "it speaks protocol 1"));
    world.agents[0]?.end("the daemon was another one");
    await until("an attempt", () => world.agents.length === 2);
    await vm.stop(10_000, context);
    expect(world.vmms[0]?.wasKilled).toBe(true);
    expect(row(vm)?.state).toBe("stopped");
  });

  test("goes on when a user cancels it, and not when the daemon ends, which leaves the guest to the next", async () => {
    world.behaviour.powerOff = async () => undefined;
    const vm = await started();
    const [user, daemon] = [new AbortController(), new AbortController()];
    const stopping = vm.stop(10_000, makeContext(AbortSignal.any([user.signal, daemon.signal]))).catch((error: unknown) => error);
    await settle();
    user.abort(new BangerError("cancelled", "cancelled", "somebody cancelled it"));
    await settle();
    expect(world.vmms[0]?.wasKilled).toBe(false);
    world.clock.advance(10_000);
    await stopping;
    expect(row(vm)?.state).toBe("stopped");

    const other = await started();
    const cut = other.stop(10_000, makeContext(daemon.signal)).catch((error: unknown) => error);
    await settle();
    daemon.abort(new BangerError("cancelled", "daemon_stopping", "the daemon stops"));
    expect(await cut).toMatchObject({ code: "daemon_stopping" });
    expect(row(other)?.state).toBe("stopping");
    expect(world.vmms[1]?.wasKilled).toBe(false);
  });

  test("whose release fails leaves `stopping`, asks for order, and is taken up by the next", async () => {
    const vm = await started();
    failOnce("removeTree");
    await expect(vm.stop(0, context)).rejects.toThrow("EIO");
    await vm.idle();
    await settle();
    expect(row(vm)?.state).toBe("stopping");
    expect(world.troubles).toBeGreaterThan(0);
    await expect(start(vm)).rejects.toMatchObject({ code: "vm_cannot_start" });
    await vm.stop(0, context);
    expect(row(vm)).toMatchObject({ state: "stopped", boot: { vmm: null } });
  });
});

describe("a pause", () => {
  test("makes the guest stand still, is not done twice, and is ended by a resume, which sets its clock right", async () => {
    const vm = await started();
    await Promise.all([vm.pause(context), vm.pause(context)]);
    expect(row(vm)?.state).toBe("paused");
    expect(world.vmms[0]?.isStill).toBe(true);
    expect(world.agents[0]?.isHeld).toBe(true);
    await expect(vm.agent(never)).rejects.toMatchObject({ code: "vm_not_running" });
    await vm.resume(context);
    expect(row(vm)?.state).toBe("running");
    expect(world.vmms[0]?.isStill).toBe(false);
    expect(world.agents[0]).toMatchObject({ isHeld: false, clockSets: 1 });
  });

  test("that fails leaves a guest that runs, and a resume that fails one that is paused", async () => {
    const vm = await started();
    world.behaviour.pause = async () => Promise.reject(new Error("no monitor"));
    await expect(vm.pause(context)).rejects.toThrow("no monitor");
    expect(row(vm)?.state).toBe("running");
    expect(world.agents[0]?.isHeld).toBe(false);
    world.behaviour.pause = async () => undefined;
    await vm.pause(context);
    world.behaviour.resume = async () => Promise.reject(new Error("no monitor"));
    await expect(vm.resume(context)).rejects.toThrow("no monitor");
    expect(row(vm)?.state).toBe("paused");
    expect(world.agents[0]?.isHeld).toBe(true);
  });

  test("does not keep the guest from powering off when it is stopped", async () => {
    const vm = await started();
    await vm.pause(context);
    await vm.stop(10_000, context);
    expect(world.agents[0]?.powerOffs).toBe(1);
    expect(world.vmms[0]?.wasKilled).toBe(false);
    expect(row(vm)?.state).toBe("stopped");
  });
});

describe("a guest that ends by itself", () => {
  test.each([
    [{ reason: "guest-power-off" }, "stopped", null],
    [dies, "broken", "the guest reset itself: it asked for a restart"],
    [{ reason: "guest-panic", detail: "no init" }, "broken", "the guest's kernel panicked: no init"],
    [{ reason: "killed" }, "broken", "its VMM was killed by somebody else"],
    [{ reason: "crashed", detail: "it is gone" }, "broken", "its VMM ended: it is gone"],
  ] as const)("is written down: %p", async (exit, state, problem) => {
    const vm = await started();
    world.vmms[0]?.end(exit);
    await until("it is written", () => row(vm)?.state === state);
    expect(row(vm)).toMatchObject({ state, problem, boot: { vmm: null } });
    expect(await hasRunFolder(vm)).toBe(false);
  });

  test("does not touch the run that somebody starts while it is cleared up", async () => {
    const released = Promise.withResolvers<void>();
    world.behaviour.releaseLink = () => released.promise;
    const vm = await started();
    world.vmms[0]?.end(dies);
    await settle();
    const stopping = vm.stop(10_000, context);
    const starting = stopping.then(() => start(vm));
    await settle();
    released.resolve();
    await starting;
    await settle();
    expect(row(vm)).toMatchObject({ state: "running", problem: null });
    expect(world.vmms).toHaveLength(2);
    expect(world.vmms[1]?.wasKilled).toBe(false);
    expect(await hasRunFolder(vm)).toBe(true);
    expect(await vm.agent(never)).toBe(world.agents[1] as never);
  });

  test("and cannot be cleared up is put in order later", async () => {
    const vm = await started();
    failOnce("removeTree");
    world.vmms[0]?.end({ reason: "guest-power-off" });
    await until("trouble", () => world.troubles === 1);
    expect(vm.isRunning).toBe(false);
  });

  test("is gone with its disks when it is ephemeral", async () => {
    const vm = await started({ plan: { ephemeral: true } });
    world.vmms[0]?.end({ reason: "guest-power-off" });
    await until("it is gone", () => row(vm) === undefined);
    expect(gone).toEqual([vm.record.id]);
  });
});

describe("a deletion", () => {
  test("removes everything, the row last", async () => {
    const vm = supervise();
    const folder = world.system.layout.vmFolder(vm.record.id);
    await world.system.files.makeFolder(folder);
    world.leases.write({ kind: "vm-folder", key: folder, vmId: vm.record.id, operationId: undefined });
    let hadRow = false;
    world.behaviour.removeLink = async () => void (hadRow = row(vm)?.state === "deleting");
    await vm.delete(context);
    expect(hadRow).toBe(true);
    expect(row(vm)).toBeUndefined();
    expect(world.leases.list()).toEqual([]);
    expect(await world.system.files.find(folder)).toBeUndefined();
    expect(gone).toEqual([vm.record.id]);
  });

  test("that failed once is done when it is asked for again", async () => {
    const vm = supervise();
    failOnce("removeTree");
    await expect(vm.delete(context)).rejects.toThrow("EIO");
    await vm.idle();
    await settle();
    expect(row(vm)?.state).toBe("deleting");
    expect(world.troubles).toBe(1);
    await vm.delete(context);
    expect(row(vm)).toBeUndefined();
  });

  test("is refused while the guest runs, and ends a VMM that nobody holds", async () => {
    const vm = await started();
    await expect(vm.delete(context)).rejects.toMatchObject({ code: "vm_cannot_delete" });
    await vm.letGo();
    const { boot } = vm.record;
    const lost = supervise({ state: "broken", boot });
    await lost.delete(context);
    expect(world.alive.size).toBe(0);
  });
});

describe("the row", () => {
  test("that was written though it was said that it could not be is written as it is in memory, later", async () => {
    const record = world.insert();
    const { rows } = world;
    const update = (...given: Parameters<typeof rows.update>): never => {
      rows.update(...given);
      throw new Error("EIO");
    };
    const vm = new Supervisor(record, { ...world.dependencies, rows: { ...rows, update } }, () => undefined);
    await expect(vm.delete(context)).rejects.toThrow("EIO");
    expect([row(vm)?.state, vm.record.state]).toEqual(["deleting", "stopped"]);
    expect(world.troubles).toBe(1);
    vm.save();
    expect(row(vm)?.state).toBe("stopped");
  });

  test("that cannot be written stays what is told, and what is to be done can be done later", async () => {
    const vm = await started();
    world.database.run("CREATE TRIGGER full BEFORE UPDATE ON vms BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
    await expect(vm.stop(0, context)).rejects.toThrow("the disk is full");
    await settle();
    world.database.run("DROP TRIGGER full");
    expect(world.troubles).toBeGreaterThan(0);
    expect([row(vm)?.state, vm.record.state]).toEqual(["running", "running"]);
    await vm.stop(0, context);
    expect(row(vm)?.state).toBe("stopped");
  });

  test("of a VMM that was lost keeps it until somebody stops it", async () => {
    const first = await started();
    const { boot } = first.record;
    await first.letGo();
    const vm = supervise({ state: "running", boot });
    vm.foundLost("its VMM cannot be reached");
    expect(row(vm)).toMatchObject({ state: "broken", boot: { vmm: { identity: { pid: 1001 } } } });
    expect(world.alive.has(1001)).toBe(true);
    await vm.stop(0, context);
    expect(world.alive.has(1001)).toBe(false);
    expect(row(vm)).toMatchObject({ state: "stopped", boot: { vmm: null } });
  });
});

test("letting go leaves the guest running", async () => {
  const vm = await started();
  await vm.letGo();
  expect(world.vmms[0]).toMatchObject({ wasKilled: false, wasLetGo: true });
  expect(row(vm)?.state).toBe("running");
  expect(vm.isRunning).toBe(false);
});
