import { expect, test } from "bun:test";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import type { VmDependencies } from "./dependencies.ts";
import { makeVmList } from "./list.ts";
import type { Supervisor } from "./supervise.ts";
import type { VmRecord } from "./vm-record.ts";

const plan = {
  image: "i",
  kernel: "k",
  driver: "fake",
  cpus: 1,
  memoryMiB: 1,
  layerBytes: 1,
  workBytes: 1,
  nat: false,
  network: null,
  forwards: [],
  unsafeNet: false,
  allowHost: [],
  allowLan: [],
  init: "agent",
  env: {},
  commands: NO_COMMANDS,
  labels: {},
  ephemeral: false,
  requirements: [],
} satisfies VmRecord["plan"];
const recordOf = (id: string, state: VmRecord["state"]): VmRecord => ({
  id,
  name: id,
  state,
  generation: 1,
  problem: null,
  plan,
  boot: null,
  createdAt: 0,
});
const knownOf = (id: string, state: VmRecord["state"], problems: readonly string[] = []) => ({ record: recordOf(id, state), problems });

function setUp() {
  const world = { nowMs: 0, allocated: 10, looks: 0, fails: false };
  const dependencies = {
    system: { clock: { monotonicMs: () => world.nowMs }, layout: { vmFolder: (id: string) => `/vms/${id}` } },
    disks: {
      allocatedBytes: async () => {
        world.looks += 1;
        if (world.fails) throw new Error("EIO");
        return world.allocated;
      },
    },
  } as unknown as VmDependencies;
  const supervisors = new Map([["a", knownOf("a", "stopped")]]);
  const unreadable = [{ id: "z", name: "z", problem: "no plan" }];
  return { world, supervisors, list: makeVmList(supervisors as unknown as Map<string, Supervisor>, () => unreadable, dependencies) };
}

test("is the same array while nothing changes, those that cannot be read included", async () => {
  const { world, list } = setUp();
  const first = await list();
  expect(first.map(({ id, state }) => [id, state])).toEqual([
    ["a", "stopped"],
    ["z", "broken"],
  ]);
  expect(await list()).toBe(first);
  expect(world.looks).toBe(2);
});

test("is another one with the next state, the next vm, and the one that went", async () => {
  const { supervisors, list } = setUp();
  const states = async () => (await list()).map(({ id, state }) => `${id} ${state}`);
  await list();
  supervisors.set("a", knownOf("a", "running"));
  expect(await states()).toEqual(["a running", "z broken"]);
  supervisors.set("b", knownOf("b", "stopped"));
  expect(await states()).toEqual(["a running", "b stopped", "z broken"]);
  supervisors.delete("a");
  expect(await states()).toEqual(["b stopped", "z broken"]);
});

test("is another one when something goes wrong with a guest that runs on", async () => {
  const { supervisors, list } = setUp();
  const before = supervisors.get("a");
  if (before === undefined) throw new Error("there is no vm a");
  expect((await list())[0]?.problems).toEqual([]);
  supervisors.set("a", { ...before, problems: ["it is held"] });
  expect((await list())[0]?.problems).toEqual(["it is held"]);
});

test("looks at the disks again after a second", async () => {
  const { world, list } = setUp();
  await list();
  world.allocated = 20;
  world.nowMs = 1000;
  expect((await list())[0]?.disks.layer.allocatedBytes).toBe(10);
  world.nowMs = 1001;
  expect((await list())[0]?.disks.layer.allocatedBytes).toBe(20);
});

test("shows a disk that cannot be looked at as a problem of its vm, until it can", async () => {
  const { world, list } = setUp();
  world.fails = true;
  expect((await list())[0]?.problems[0]).toContain("EIO");
  world.fails = false;
  world.nowMs = 1001;
  expect((await list())[0]?.problems).toEqual([]);
});
