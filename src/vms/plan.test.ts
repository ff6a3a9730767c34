import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import type { Forward } from "../contract/schemas/forward.ts";
import { planVm, type PlanFacts } from "./plan.ts";
import type { CreateRequest } from "./vms.ts";

const GIB = 2 ** 30;
const facts: PlanFacts = {
  host: { cpus: 4, memoryMiB: 8192, freeBytes: 50 * GIB },
  defaults: { image: "debian", memoryMiB: 1024, layerBytes: 20 * GIB, workBytes: 10 * GIB },
  image: { name: "debian", kernelRef: "k", init: "agent", requirements: [], leastWorkBytes: 0, env: {}, commands: NO_COMMANDS },
  kernel: { name: "k" },
  publish: { forwards: [], taken: [] },
  hasNetwork: true,
  unsafeNetwork: undefined,
  drivers: [
    { name: "qemu", probe: { usable: true, acceleration: "tcg", reason: "no kvm", version: "7.2" } },
    { name: "other", probe: { usable: false, reason: "is not there", hint: "get it" } },
  ],
};

const problemsOf = (request: CreateRequest, changed: Partial<PlanFacts> = {}): readonly string[] => {
  const result = planVm(request, { ...facts, ...changed });
  return result.ok ? [] : result.problems.map(({ code }) => code);
};

describe("planning a vm", () => {
  test("has the ports that were found for it, each place once", () => {
    const web: Forward = { address: "127.0.0.1", hostPort: 8080, guestPort: 80, protocol: "tcp", reverse: false };
    const other: Forward = { ...web, hostPort: 9090 };
    expect(planVm({ publish: [{ ...web, hostPort: 0 }] }, { ...facts, publish: { forwards: [web], taken: [] } })).toMatchObject({
      plan: { forwards: [web] },
    });
    const again = { ...web, guestPort: 81 };
    const taken = [again, other].map((forward) => ({ forward, why: "vm b listens there", hint: "another" }));
    expect(problemsOf({}, { publish: { forwards: [web, again, other], taken } })).toEqual(["forward_exists", "port_taken"]);
  });

  test("fills in every default", () => {
    expect(planVm({}, facts)).toEqual({
      ok: true,
      plan: {
        image: "debian",
        kernel: "k",
        driver: "qemu",
        cpus: 1,
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
        env: {},
        commands: NO_COMMANDS,
        labels: {},
        ephemeral: false,
        requirements: [],
      },
    });
  });

  test("takes the image's environment, and the user's word above it", () => {
    const image = {
      name: "debian",
      kernelRef: "k",
      init: "agent" as const,
      requirements: [],
      leastWorkBytes: 0,
      env: { PATH: "/bin", A: "image" },
      commands: NO_COMMANDS,
    };
    expect(planVm({ env: { A: "user", B: "user" } }, { ...facts, image })).toMatchObject({
      plan: { env: { PATH: "/bin", A: "user", B: "user" } },
    });
  });

  test("makes no work disk shorter than one that comes ready", () => {
    const image = { ...facts.image, leastWorkBytes: 40 * 2 ** 30 } as PlanFacts["image"];
    expect(planVm({}, { ...facts, image })).toMatchObject({ plan: { workBytes: 40 * 2 ** 30 } });
    expect(planVm({ workDiskBytes: 50 * 2 ** 30 }, { ...facts, image })).toMatchObject({ plan: { workBytes: 50 * 2 ** 30 } });
    expect(problemsOf({ workDiskBytes: 2 ** 30 }, { image })).toEqual(["work_disk_too_small"]);
  });

  test("takes what the image says of its commands, unless that is a book", () => {
    const commands = { user: "web", workingDir: "/srv", entrypoint: ["/start"], cmd: ["serve"] };
    const image = { name: "web", kernelRef: "k", init: "agent" as const, requirements: [], leastWorkBytes: 0, env: {}, commands };
    expect(planVm({}, { ...facts, image })).toMatchObject({ plan: { commands } });
    const book = { ...commands, cmd: Array.from({ length: 100 }, () => "x".repeat(4096)) };
    expect(problemsOf({}, { image: { ...image, commands: book } })).toEqual(["bad_image"]);
  });

  test("takes the image's init for auto, and the user's word above it", () => {
    const systemd = {
      ...facts,
      image: {
        name: "debian",
        kernelRef: "k",
        init: "systemd" as const,
        requirements: [],
        env: {},
        leastWorkBytes: 0,
        commands: NO_COMMANDS,
      },
    };
    expect(planVm({ init: "auto" }, systemd)).toMatchObject({ plan: { init: "systemd" } });
    expect(planVm({ init: "agent" }, systemd)).toMatchObject({ plan: { init: "agent" } });
  });

  test.each([
    ["too many cpus", { cpus: 5 }, "too_many_cpus"],
    ["more memory than the computer has", { memoryBytes: 9 * GIB }, "too_much_memory"],
    ["too little memory to boot", { memoryBytes: 2 ** 20 }, "too_little_memory"],
    ["a tiny disk", { diskBytes: 4096 }, "disk_too_small"],
    ["a disk that has no room for its own tables", { diskBytes: 100 * 2 ** 20 }, "disk_too_small"],
    ["a tiny work disk", { workDiskBytes: 1 }, "disk_too_small"],
    ["a disk beyond ext4", { diskBytes: 20 * 1024 * GIB }, "disk_too_large"],
    ["a driver that does not exist", { driver: "vbox" }, "unknown_driver"],
    ["a driver that cannot be used", { driver: "other" }, "driver_unusable"],
    ["a name of a variable with a hyphen", { env: { "A-B": "1" } }, "bad_env"],
    ["a zero byte in a variable", { env: { A: "a\0b" } }, "bad_env"],
  ] as const)("refuses %s", (_what, request, code) => {
    expect(problemsOf(request)).toEqual([code]);
  });

  test("refuses a kernel that is not there, a full disk, and no usable driver", () => {
    const missing = { code: "kernel_not_found", path: "kernel", message: "there is none" };
    expect(problemsOf({}, { kernel: missing })).toEqual(["kernel_not_found"]);
    expect(problemsOf({}, { host: { ...facts.host, freeBytes: 1000 } })).toEqual(["host_disk_full"]);
    expect(problemsOf({}, { drivers: facts.drivers.slice(1) })).toEqual(["no_driver"]);
  });

  test("takes the image's requirements and the user's, units only where there is systemd", () => {
    const about = { name: "x", deadlineMs: 1000, hint: null };
    const web = { kind: "tcp", port: 80, ...about } as const;
    const unit = { kind: "unit", unit: "ssh", ...about, name: "unit:ssh" } as const;
    const declaring = {
      image: {
        name: "debian",
        kernelRef: "k",
        init: "agent" as const,
        requirements: [web],
        env: {},
        leastWorkBytes: 0,
        commands: NO_COMMANDS,
      },
    };
    expect(planVm({ requirements: [unit], init: "systemd" }, { ...facts, ...declaring })).toMatchObject({
      plan: { requirements: [web, unit] },
    });
    expect(problemsOf({ requirements: [unit] }, declaring)).toEqual(["needs_systemd"]);
    expect(planVm({ requirements: [unit], init: "runit" }, { ...facts, ...declaring })).toMatchObject({
      problems: [{ message: "unit:ssh: units are systemd's, and this vm's init is runit" }],
    });
    // Which may be systemd.
    expect(problemsOf({ requirements: [unit], init: "image" }, declaring)).toEqual([]);
    expect(problemsOf({ requirements: Array.from({ length: 32 }, () => web) }, declaring)).toEqual(["too_many_requirements"]);
  });

  test("tells every problem at once, each with its path and what to type", () => {
    const unknown = (path: string) => ({ code: `${path}_not_found`, path, message: "no", hint: "pull it" });
    const result = planVm(
      { cpus: 99, memoryBytes: 99 * GIB, diskBytes: 1, workDiskBytes: 1, driver: "vbox", env: { "": "x" } },
      { ...facts, image: unknown("image"), kernel: unknown("kernel") },
    );
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.problems.map(({ path }) => path)).toEqual(["image", "kernel", "driver", "cpus", "memory", "disk", "workDisk", "env."]);
    for (const { hint } of result.problems) expect(hint).toBeTruthy();
  });

  test("tells a size in the unit that shows what was typed", () => {
    const said = (memoryBytes: number): string => {
      const result = planVm({ memoryBytes }, facts);
      return result.ok ? "" : String(result.problems[0]?.message);
    };
    expect(said(1023)).toStartWith("1023 bytes of memory");
    expect(said(100 * 1024)).toStartWith("100 KiB of memory");
    expect(said(2 ** 20)).toStartWith("1 MiB of memory");
  });

  test("never gives a plan that breaks a limit", () => {
    const request = fc.record(
      {
        cpus: fc.integer({ min: 1, max: 64 }),
        memoryBytes: fc.integer({ min: 1, max: 32 * GIB }),
        diskBytes: fc.integer({ min: 1, max: 2 ** 50 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(request, (input) => {
        const result = planVm(input, facts);
        if (!result.ok) return expect(result.problems.length).toBeGreaterThan(0);
        expect(result.plan.cpus).toBeLessThanOrEqual(4);
        expect(result.plan.memoryMiB).toBeWithin(128, 8193);
        return expect(result.plan.layerBytes % 4096).toBe(0);
      }),
    );
  });
});
