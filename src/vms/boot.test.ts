import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import { makeVms } from "./make-vms.ts";
import { settle, until } from "./test-clock.ts";
import { makeContext, openTestWorld, type TestWorld } from "./test-world.ts";

let world: TestWorld;
beforeEach(() => {
  world = openTestWorld();
});
afterEach(() => world[Symbol.dispose]());
const lost = new BangerError("unavailable", "guest_connection_lost", "cannot talk to the guest agent: it was closed");

describe("a connection that ends in a boot", () => {
  beforeEach(() => {
    world.behaviour.openAgent = async () => Promise.reject(lost);
  });
  const create = (): Promise<unknown> =>
    makeVms(world.dependencies)
      .create({ name: "dev" }, makeContext())
      .catch((error: unknown) => error);

  test("a moment before its VMM does is the VMM's end, with why", async () => {
    const creating = create();
    await until("a VMM", () => world.agents.length === 1);
    await settle();
    world.vmms[0]?.end({ reason: "guest-panic", detail: "no init" });
    expect(await creating).toMatchObject({
      code: "vmm_gone",
      message: "cannot start vm dev: the guest's kernel panicked: no init",
      hint: expect.stringContaining("banger kernel list"),
      cause: lost,
    });
  });

  test("while its VMM lives is told with the vm's name, the console and what to try", async () => {
    const creating = create();
    await until("waiting for the VMM's end", () => world.agents.length === 1 && world.clock.sleepers === 2);
    world.clock.advance(1000);
    expect(await creating).toMatchObject({
      code: "guest_connection_lost",
      message: "cannot start vm dev: cannot talk to the guest agent: it was closed",
      hint: expect.stringContaining("banger kernel list"),
      data: { consoleTail: [] },
    });
  });
});

test("what the guest says wrong is told at once, with the vm's name", async () => {
  world.behaviour.openAgent = async () =>
    Promise.reject(new BangerError("unavailable", "guest_garbled", "cannot understand the guest agent"));
  await expect(makeVms(world.dependencies).create({ name: "dev" }, makeContext())).rejects.toMatchObject({
    code: "guest_garbled",
    message: "cannot start vm dev: cannot understand the guest agent",
  });
  expect(world.clock.sleepers).toBe(0);
});

describe("an init that is to be installed", () => {
  const install = (body: Agent["install"]): void => {
    world.behaviour.openAgent = async (agent) => ({
      ...agent,
      configure: async () => ({ stages: [], kernel: "6.12", installs: { init: "systemd", family: "debian" } }),
      install: body,
    });
  };

  test("has a stage of its own, and more time than a boot", async () => {
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    let hasBegun = false;
    install((onLine) => {
      hasBegun = true;
      onLine("Get:1");
      return done;
    });
    const vms = makeVms(world.dependencies);
    const creating = vms.create({ name: "dev", init: "systemd" }, makeContext());
    await until("an install", () => hasBegun);
    world.clock.advance(20 * 60_000);
    await settle();
    expect(await vms.get("dev")).toMatchObject({ state: "starting" });
    finish();
    expect(await creating).toMatchObject({ state: "running" });
    expect((await vms.get("dev")).stages.map(({ stage }) => stage)).toEqual(["network", "boot", "agent", "install", "guest"]);
  });

  test("is told with the vm's name when it fails, and leaves nothing", async () => {
    install(() => Promise.reject(new BangerError("unavailable", "install_failed", "it ended with code 100")));
    const vms = makeVms(world.dependencies);
    await expect(vms.create({ name: "dev", init: "systemd" }, makeContext())).rejects.toMatchObject({
      code: "install_failed",
      message: "cannot start vm dev: cannot install systemd by the package manager of debian: it ended with code 100",
    });
    expect(await vms.list()).toEqual([]);
  });

  test("is given up by who cancels the start, which may be tried again", async () => {
    const cancel = new AbortController();
    install(async (_onLine, signal) => {
      cancel.abort(new BangerError("cancelled", "cancelled", "by somebody"));
      signal.throwIfAborted();
    });
    const vms = makeVms(world.dependencies);
    await vms.create({ name: "dev", init: "systemd", start: false }, makeContext());
    await expect(vms.start("dev", makeContext(cancel.signal))).rejects.toMatchObject({ message: "by somebody" });
    expect(await vms.get("dev")).toMatchObject({ state: "stopped", problems: [] });
    install(async () => undefined);
    expect(await vms.start("dev", makeContext())).toMatchObject({ state: "running" });
  });
});
