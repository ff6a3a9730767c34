import { afterEach, beforeEach, expect, test } from "bun:test";
import net from "node:net";
import type { Forward } from "../contract/schemas/forward.ts";
import { MOST_FORWARDS } from "../contract/schemas/forward.ts";
import { makeVms } from "./make-vms.ts";
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
const any: Forward = { address: "127.0.0.1", hostPort: 0, guestPort: 80, protocol: "tcp", reverse: false };

/** Whether somebody listens. */
async function isOpen({ address, hostPort }: Forward): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = net.connect(hostPort, address);
  socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}

function only(forwards: readonly Forward[]): Forward {
  const [forward] = forwards;
  if (forward === undefined || forwards.length > 1) throw new Error(`${forwards.length} forwards`);
  return forward;
}

test("a port that was published is open while the vm runs, and is kept with it", async () => {
  const { forwards } = await vms.create({ name: "dev", publish: [any] }, context);
  const web = only(forwards);
  expect(web).toEqual({ ...any, hostPort: expect.any(Number) });
  expect(web.hostPort).toBeGreaterThan(0);
  expect(await isOpen(web)).toBe(true);
  await vms.stop("dev", 0, context);
  expect(await isOpen(web)).toBe(false);
  expect(await vms.start("dev", context)).toMatchObject({ forwards: [web], problems: [] });
  expect(await isOpen(web)).toBe(true);
  await vms.delete("dev", { force: true }, context);
  expect(await isOpen(web)).toBe(false);
});

test("a running vm takes a forward at once and gives it up at once; the same twice is once", async () => {
  await vms.create({ name: "dev" }, context);
  const web = only((await vms.forward("dev", any, "add")).forwards);
  expect(await isOpen(web)).toBe(true);
  expect((await vms.forward("dev", web, "add")).forwards).toEqual([web]);
  await expect(vms.forward("dev", { ...web, guestPort: 81 }, "add")).rejects.toMatchObject({
    code: "forward_exists",
    message: expect.stringContaining(`127.0.0.1:${web.hostPort} leads to its port 80 already`),
  });
  expect((await vms.forward("dev", web, "remove")).forwards).toEqual([]);
  expect(await isOpen(web)).toBe(false);
  await expect(vms.forward("dev", web, "remove")).rejects.toMatchObject({ code: "forward_not_found", hint: "it has none" });
});

test("whose port is wanted is told whose it is, and nothing has changed", async () => {
  const web = only((await vms.create({ name: "web", publish: [any] }, context)).forwards);
  await expect(vms.create({ name: "dev", publish: [web] }, context)).rejects.toMatchObject({
    code: "port_taken",
    message: expect.stringContaining("vm web listens there"),
  });
  expect((await vms.list()).map(({ name }) => name)).toEqual(["web"]);
  await vms.create({ name: "dev" }, context);
  for (const address of ["127.0.0.1", "0.0.0.0"]) {
    await expect(vms.forward("dev", { ...web, address }, "add")).rejects.toMatchObject({
      code: "port_taken",
      message: expect.stringContaining("vm web listens there"),
    });
  }
  expect((await vms.get("dev")).forwards).toEqual([]);
});

test("a vm starts although its port is taken, says so, and has the port once it is free", async () => {
  const web = only((await vms.create({ name: "web", publish: [any] }, context)).forwards);
  // Nobody listens for a vm that does not run.
  await vms.create({ name: "dev", publish: [web], start: false }, context);
  const { problems } = await vms.start("dev", context);
  expect(problems).toEqual([expect.stringContaining(`cannot listen on 127.0.0.1:${web.hostPort}: vm web listens there`)]);
  await vms.stop("web", 0, context);
  while ((await vms.get("dev")).problems.length > 0) {
    world.clock.advance(2000);
    await Bun.sleep(5);
  }
  expect(await isOpen(web)).toBe(true);
});

test("the daemon after this one listens again", async () => {
  const web = only((await vms.create({ name: "dev", publish: [any] }, context)).forwards);
  await vms.close();
  expect(await isOpen(web)).toBe(false);
  vms = makeVms(world.dependencies);
  await vms.reconcile();
  while (!(await isOpen(web))) await Bun.sleep(5);
  expect(await vms.get("dev")).toMatchObject({ forwards: [web], problems: [] });
});

test("there is an end to how many a vm may have", async () => {
  await vms.create({ name: "dev", start: false }, context);
  for (let at = 0; at < MOST_FORWARDS; at += 1) await vms.forward("dev", { ...any, hostPort: 20_000 + at }, "add");
  await expect(vms.forward("dev", { ...any, hostPort: 30_000 }, "add")).rejects.toMatchObject({ code: "too_many_forwards" });
});
