import { expect, test } from "bun:test";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import { givenOf, listPending } from "./pending.ts";
import type { VmBoot, VmPlan } from "./vm-record.ts";

const plan: VmPlan = {
  image: "debian",
  kernel: "k",
  driver: "qemu",
  cpus: 1,
  memoryMiB: 1024,
  layerBytes: 2 ** 30,
  workBytes: 2 ** 30,
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
};
const boot: VmBoot = {
  vmm: { driver: "qemu", vmId: "1", identity: { pid: 1, startTicks: 1, bootId: "b" }, runFolder: "/r" },
  acceleration: "tcg",
  accelerationReason: "",
  networkMode: "none",
  networkWhy: "",
  address: null,
  startedAt: 1,
  given: givenOf({ name: "dev", plan }),
  requirements: [],
  stages: [],
};

test("nothing is pending after a start, nor for a vm that does not run, nor of what a guest need not know", () => {
  expect(listPending({ name: "dev", plan: { ...plan, labels: { a: "b" } }, boot })).toEqual([]);
  expect(listPending({ name: "other", plan: { ...plan, cpus: 4 }, boot: null })).toEqual([]);
  expect(listPending({ name: "other", plan: { ...plan, cpus: 4 }, boot: { ...boot, vmm: null } })).toEqual([]);
});

test("what was set since is told as it is and as it will be", () => {
  const next = { ...plan, cpus: 4, memoryMiB: 1536, workBytes: 3 * 2 ** 30, env: { B: "2", A: "1" } };
  expect(listPending({ name: "prod", plan: next, boot })).toEqual([
    { what: "cpus", now: "1", next: "4" },
    { what: "memory", now: "1 GiB", next: "1536 MiB" },
    { what: "work disk", now: "1 GiB", next: "3 GiB" },
    { what: "environment", now: "", next: "A=1 B=2" },
    { what: "host name", now: "dev", next: "prod" },
  ]);
});
