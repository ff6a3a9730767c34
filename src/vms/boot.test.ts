import { afterEach, beforeEach, describe, expect, test } from "bun:test";
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
