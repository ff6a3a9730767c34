import { describe, expect, test } from "bun:test";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import fc from "fast-check";
import { planChange, type ChangeFacts } from "./plan-change.ts";
import type { VmPlan } from "./vm-record.ts";
import type { ChangeRequest } from "./vms.ts";

const GIB = 2 ** 30;
const plan: VmPlan = {
  image: "debian",
  kernel: "k",
  driver: "qemu",
  cpus: 8,
  memoryMiB: 1024,
  layerBytes: 20 * GIB,
  workBytes: 10 * GIB,
  nat: false,
  network: null,
  forwards: [],
  unsafeNet: false,
  allowHost: [],
  allowLan: [],
  init: "agent",
  env: { A: "1", B: "2" },
  commands: NO_COMMANDS,
  labels: { team: "blue", owner: "me" },
  ephemeral: false,
  requirements: [],
};
/** Of a computer that is smaller than the one on which the vm was made. */
const facts: ChangeFacts = {
  host: { cpus: 4, memoryMiB: 8192 },
  disks: { layerBytes: 20 * GIB, workBytes: 10 * GIB },
  hasNetwork: true,
  unsafeNetwork: undefined,
};

function problemsOf(change: ChangeRequest): readonly string[] {
  const result = planChange(plan, change, facts);
  return result.ok ? [] : result.problems.map(({ code, path }) => `${path} ${code}`);
}

function planned(change: ChangeRequest): VmPlan {
  const result = planChange(plan, change, facts);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

describe("changing a plan", () => {
  test("changes what was said, and nothing else", () => {
    expect(planned({ cpus: 2, memoryBytes: 2 * GIB })).toEqual({ ...plan, cpus: 2, memoryMiB: 2048 });
    expect(planned({ diskBytes: 30 * GIB + 5, workDiskBytes: 10 * GIB })).toEqual({ ...plan, layerBytes: 30 * GIB });
    expect(planned({ env: { A: null, C: "3" }, labels: { team: "red", none: null } })).toEqual({
      ...plan,
      env: { B: "2", C: "3" },
      labels: { team: "red", owner: "me" },
    });
  });

  test("holds nothing against it that is not to be changed", () => {
    expect(problemsOf({ labels: { a: "" } })).toEqual([]);
    expect(problemsOf({ cpus: 8 })).toEqual(["cpus too_many_cpus"]);
  });

  test.each([
    [{ memoryBytes: 1 }, "memory too_little_memory"],
    [{ memoryBytes: 9 * 1024 * GIB }, "memory too_much_memory"],
    [{ diskBytes: 2 ** 50 }, "disk disk_too_large"],
    [{ diskBytes: 19 * GIB }, "disk disk_shrinks"],
    [{ workDiskBytes: 10 * GIB - 1 }, "workDisk disk_shrinks"],
    [{ env: { A: "x".repeat(64 * 1024) } }, "env bad_env"],
    [{ labels: Object.fromEntries(Array.from({ length: 63 }, (_, index) => [`k${index}`, ""])) }, "labels too_many_labels"],
  ] as const)("refuses %p", (change, problem) => expect(problemsOf(change)).toEqual([problem]));

  test("tells every problem at once, with what would be right", () => {
    const result = planChange(plan, { cpus: 99, memoryBytes: 1, diskBytes: GIB, workDiskBytes: GIB }, facts);
    expect(result).toMatchObject({
      ok: false,
      problems: [{}, {}, { hint: "--disk 20G or more, or a new vm" }, { hint: "--work-disk 10G or more, or a new vm" }],
    });
  });

  test("twice is once, and what was set back is as it was", () => {
    const changes = fc.dictionary(fc.constantFrom("A", "B", "C", "team"), fc.option(fc.constantFrom("", "1", "2")));
    fc.assert(
      fc.property(changes, changes, (env, labels) => {
        const once = planned({ env, labels });
        expect(planChange(once, { env, labels }, facts)).toEqual({ ok: true, plan: once });
        const back = (now: object, old: Readonly<Record<string, string>>) =>
          Object.fromEntries([...Object.keys(now), ...Object.keys(old)].map((key) => [key, old[key] ?? null]));
        expect(planChange(once, { env: back(env, plan.env), labels: back(labels, plan.labels) }, facts)).toEqual({ ok: true, plan });
      }),
    );
  });
});
