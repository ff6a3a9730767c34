import { afterEach, beforeEach, expect, test } from "bun:test";
import { makeVms } from "./make-vms.ts";
import { orAborted } from "./test-vmm.ts";
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
const AS = { name: "copy", labels: { of: "dev" }, ephemeral: true };
const layerOf = (id: string) => `${world.system.layout.vmFolder(id)}/layer.ext4`;

test("a duplicate has the disks of the other, and nothing else of it", async () => {
  const dev = await vms.create({ name: "dev", nat: true, init: "systemd", cpus: 2, labels: { mine: "x" } }, context);
  await world.system.files.write(layerOf(dev.id), "written");
  const moves: string[] = [];
  world.behaviour.pause = async () => void moves.push("pause");
  world.behaviour.resume = async () => void moves.push("resume");
  const copy = await vms.duplicate("dev", AS, context);
  expect(moves).toEqual(["pause", "resume"]);
  expect(copy).toMatchObject({ name: "copy", state: "running", cpus: 2, init: "agent", labels: { of: "dev" }, network: { nat: false } });
  expect(await world.system.files.readText(layerOf(copy.id))).toBe("written");
  expect(await vms.get("dev")).toMatchObject({ state: "running", init: "systemd" });
});

test("who cannot be made to stand still is not copied, and what was begun is gone", async () => {
  const dev = await vms.create({ name: "dev" }, context);
  world.behaviour.pause = () => Promise.reject(new Error("it will not"));
  await expect(vms.duplicate("dev", AS, context)).rejects.toThrow("it will not");
  expect(await world.system.files.list(world.system.layout.vms)).toEqual([dev.id]);
  expect(await vms.get("dev")).toMatchObject({ state: "running" });
});

test("one that the full disk holds while it writes down what it has is copied as it is", async () => {
  await vms.create({ name: "dev" }, context);
  const [agent, vmm] = [world.agents[0], world.vmms[0]];
  if (agent === undefined) throw new Error("there is no agent");
  agent.forget = (_paths, signal) => {
    vmm?.hold();
    return orAborted(new Promise<never>(() => undefined), signal);
  };
  expect(await vms.duplicate("dev", AS, context)).toMatchObject({ name: "copy", state: "running" });
}, 5000);

test("one that is stopped is copied as it lies, and disks that were copied make a vm", async () => {
  const { id } = await vms.create({ name: "dev", start: false }, context);
  await world.system.files.write(layerOf(id), "kept");
  const folder = `${world.system.layout.roots.data}/kept`;
  await world.system.files.makeFolder(folder);
  await vms.copyDisks("dev", folder, context);
  await vms.delete("dev", { force: false }, context);
  const again = await vms.create({ name: "again" }, context, folder);
  expect(await world.system.files.readText(layerOf(again.id))).toBe("kept");
});

test("a broken one is refused", async () => {
  const record = world.insert({ state: "broken" });
  await vms.reconcile();
  await expect(vms.duplicate(record.name, AS, context)).rejects.toMatchObject({
    code: "vm_not_settled",
    hint: `banger vm stop ${record.name}`,
  });
});
