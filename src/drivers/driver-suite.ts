/**
 * The laws of `drivers.ts` as tests, for every driver. A driver's test calls `testDriver` with a way to make a world.
 * What boots is expensive, so one boot serves several laws.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import type { Socket } from "node:net";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import type { Driver, LaunchPlan, RunningVmm } from "./drivers.ts";

/** A driver with a state of its own, as if a daemon had just started; and what it can run. */
export interface DriverWorld extends AsyncDisposable {
  readonly system: System;
  /** Another one is another daemon on the same state. */
  makeDriver(): Driver;
  /** A plan that works, with a run folder that exists. */
  makePlan(vmId: string): Promise<LaunchPlan>;
  /** A driver and a plan that cannot work. */
  makeBroken(vmId: string): Promise<{ readonly driver: Driver; readonly plan: LaunchPlan }>;
  /** Asks the guest to power off. */
  powerOff(vmm: RunningVmm): Promise<void>;
}

const never = new AbortController().signal;
const ANSWER_MS = 60_000;

/** Registers the suite. */
export function testDriver(name: string, openWorld: () => Promise<DriverWorld>): void {
  setDefaultTimeout(ANSWER_MS * 2);
  const vmId = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString("hex");
  const isStray = (driver: Driver, id: string): boolean => driver.findStrays().some((stray) => stray.vmId === id);

  test(`${name}: a probe says the same twice`, async () => {
    await using world = await openWorld();
    const driver = world.makeDriver();
    const probe = await driver.probe(never);
    expect(probe).toMatchObject({ usable: true });
    expect(await driver.probe(never)).toEqual(probe);
    expect(await world.makeDriver().probe(never)).toEqual(probe);
  });

  test(`${name}: a vm outlives its daemon, is found again, and is killed once`, async () => {
    await using world = await openWorld();
    const first = world.makeDriver();
    const id = vmId();
    const launched = await first.launch(await world.makePlan(id), never);
    await using _backstop = launched;
    expect(launched.record).toMatchObject({ driver: first.name, vmId: id });
    expect(isStray(first, id)).toBe(true);
    const boot = await greet(launched);
    expect(await greet(launched)).toBe(boot);
    await launched.letGo();

    const second = world.makeDriver();
    await using adopted = await second.adopt(structuredClone(launched.record), never);
    if (adopted === undefined) throw new Error("it was not found again");
    expect(await greet(adopted)).toBe(boot);
    if (second.capabilities.pause) {
      expect(await adopted.isPaused()).toBe(false);
      for (const isPaused of [true, true, false, false]) {
        await (isPaused ? adopted.pause() : adopted.resume());
        expect(await adopted.isPaused()).toBe(isPaused);
      }
      expect(await greet(adopted)).toBe(boot);
      // What stands still can be killed.
      await adopted.pause();
    }
    await Promise.all([adopted.kill(), adopted.kill()]);
    await adopted.kill();
    expect(await adopted.exited).toEqual({ reason: "killed" });
    expect(world.system.processes.isAlive(adopted.record.identity)).toBe(false);
    expect(isStray(second, id)).toBe(false);
    expect(await second.adopt(adopted.record, never)).toBeUndefined();
  });

  test(`${name}: a vm that powers itself off says so`, async () => {
    await using world = await openWorld();
    await using vmm = await world.makeDriver().launch(await world.makePlan(vmId()), never);
    await world.powerOff(vmm);
    expect(await vmm.exited).toEqual({ reason: "guest-power-off" });
    // Nobody waits for it: what the guest said last is in the log before its end is told.
    expect(await world.system.files.readText(world.system.layout.consoleLog(vmm.record.vmId))).toContain("banger-agent: power off");
  });

  test(`${name}: a vm whose process is killed from outside has crashed`, async () => {
    await using world = await openWorld();
    await using vmm = await world.makeDriver().launch(await world.makePlan(vmId()), never);
    world.system.processes.signal(vmm.record.identity, "SIGKILL");
    expect(await vmm.exited).toMatchObject({ reason: "crashed" });
  });

  test(`${name}: a vm that ended unwatched has powered off only if it did so in this start`, async () => {
    await using world = await openWorld();
    const id = vmId();
    await using first = await world.makeDriver().launch(await world.makePlan(id), never);
    await world.powerOff(first);
    await first.exited;
    const orderly = await world.makeDriver().explainEnd(first.record);
    expect(orderly ?? { reason: "guest-power-off" }).toEqual({ reason: "guest-power-off" });

    await using second = await world.makeDriver().launch(await world.makePlan(id), never);
    await greet(second);
    await second.letGo();
    world.system.processes.signal(second.record.identity, "SIGKILL");
    await world.system.processes.watchEnd(second.record.identity);
    expect(await world.makeDriver().explainEnd(second.record)).not.toEqual({ reason: "guest-power-off" });
  });

  test(`${name}: a record of another process with the same pid finds nothing`, async () => {
    await using world = await openWorld();
    const identity = world.system.processes.identify(process.pid);
    if (identity === undefined) throw new Error("there is no identity of this process");
    const record = { driver: name, vmId: vmId(), identity: { ...identity, startTicks: identity.startTicks + 1 }, runFolder: "/nowhere" };
    expect(await world.makeDriver().adopt(record, never)).toBeUndefined();
  });

  test(`${name}: a launch that fails leaves no process and no socket`, async () => {
    await using world = await openWorld();
    const id = vmId();
    const { driver, plan } = await world.makeBroken(id);
    expect(await failureOf(driver.launch(plan, never))).toBeInstanceOf(BangerError);
    expect(isStray(driver, id)).toBe(false);
    expect(await world.system.files.list(plan.runFolder)).toEqual([]);
  });

  test(`${name}: a launch that is cancelled leaves no process and no socket`, async () => {
    await using world = await openWorld();
    const driver = world.makeDriver();
    const id = vmId();
    const plan = await world.makePlan(id);
    const cancel = new AbortController();
    const launching = failureOf(driver.launch(plan, cancel.signal));
    cancel.abort();
    expect(await launching).toBeDefined();
    expect(isStray(driver, id)).toBe(false);
    expect(await world.system.files.list(plan.runFolder)).toEqual([]);
  });
}

/** Speaks as much of the wire as gives the guest's boot id. */
async function greet(vmm: RunningVmm): Promise<string> {
  const socket = await vmm.connectAgent(never);
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  socket.write(Buffer.alloc(32_768));
  socket.write(`banger-sync ${nonce}\n`);
  try {
    return await readBoot(socket, nonce);
  } finally {
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.destroy();
    await closed;
  }
}

async function readBoot(socket: Socket, nonce: string): Promise<string> {
  let seen = "";
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    seen += String(bytes);
    const boot = new RegExp(`banger-synced ${nonce} .*"boot":"([0-9a-f]{32})".*\n`).exec(seen)?.[1];
    if (boot !== undefined) return boot;
  }
  throw new Error("the connection ended before hello");
}

async function failureOf(work: Promise<RunningVmm>): Promise<unknown> {
  try {
    await using _vmm = await work;
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
