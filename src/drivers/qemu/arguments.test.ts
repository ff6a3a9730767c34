import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { LaunchPlan } from "../drivers.ts";
import { QEMU_PROGRAM, qemuArguments } from "./arguments.ts";

const plan: LaunchPlan = {
  vmId: "0123456789ab",
  name: "dev",
  cpus: 2,
  memoryMiB: 512,
  acceleration: "tcg",
  kernelPath: "/k/vmlinux",
  initrdPath: "/k/initrd",
  needsAcpi: true,
  tscKHz: 2_600_000,
  disks: [
    { serial: "base", path: "/i/base.squashfs", readOnly: true },
    { serial: "layer", path: "/v/layer.ext4", readOnly: false },
  ],
  link: { kind: "none" },
  runFolder: "/r",
  consoleLogPath: "/v/console.log",
  vmmLogPath: "/v/vmm.log",
};

/** The value that follows an option; all of them. */
function valuesOf(argv: readonly string[], option: string): readonly string[] {
  return argv.flatMap((word, at) => (word === option ? [argv[at + 1] ?? ""] : []));
}

/** As QEMU cuts `key=value,...`: a doubled comma is a comma. */
function cutOptions(text: string): readonly string[] {
  return text
    .replaceAll(",,", "\0")
    .split(",")
    .map((part) => part.replaceAll("\0", ","));
}

describe("QEMU's arguments", () => {
  test("of a plain plan", () => {
    expect(qemuArguments(plan)).toMatchSnapshot();
  });

  const cases: readonly (readonly [string, Partial<LaunchPlan>, string, string])[] = [
    ["take the host's CPU under KVM", { acceleration: "kvm" }, "-cpu", "host"],
    ["take KVM when told", { acceleration: "kvm" }, "-accel", "kvm"],
    ["bound the translation cache under TCG", {}, "-accel", "tcg,tb-size=32"],
    ["have ACPI where the kernel needs it", {}, "-machine", "microvm,acpi=on,rtc=on,pit=off,pic=off"],
    ["have no ACPI otherwise, and then the old chips", { needsAcpi: false }, "-machine", "microvm,acpi=off,rtc=on"],
    ["keep the old timer when there is no other clock", { tscKHz: undefined }, "-machine", "microvm,acpi=on,rtc=on"],
    [
      "tell the kernel its TSC under TCG",
      {},
      "-append",
      "console=ttyS0 quiet loglevel=4 panic=-1 reboot=t tsc_early_khz=2600000 tsc=reliable norandmaps",
    ],
    ["leave the clock to KVM", { acceleration: "kvm" }, "-append", "console=ttyS0 quiet loglevel=4 panic=-1 reboot=t"],
    ["forbid new processes and privileges", {}, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
  ];
  test.each(cases)("%s", (_name, change, option, value) => {
    expect(valuesOf(qemuArguments({ ...plan, ...change }), option)).toContain(value);
  });

  test("never detach, reboot, or open a window or a device that nobody asked for", () => {
    const argv = qemuArguments(plan);
    expect(argv).not.toContain("-daemonize");
    for (const option of ["-no-reboot", "-nodefaults", "-no-user-config"]) expect(argv).toContain(option);
  });

  test("take a TAP that is there, in the namespace that it is in, and run no script", () => {
    const enter = ["nsenter", "--target=7", "--net", "--"];
    const argv = qemuArguments({ ...plan, link: { kind: "tap", name: "bg7", mac: "52:54:00:00:00:01", enter, descriptor: undefined } });
    expect(argv.slice(0, 5)).toEqual([...enter, QEMU_PROGRAM]);
    expect(valuesOf(argv, "-netdev").map((text) => JSON.parse(text))).toEqual([
      { type: "tap", id: "net0", ifname: "bg7", script: "no", downscript: "no" },
    ]);
    expect(valuesOf(argv, "-device").map((text) => JSON.parse(text))).toContainEqual({
      driver: "virtio-net-device",
      netdev: "net0",
      mac: "52:54:00:00:00:01",
    });
  });

  test("take a TAP that what goes before has opened, by its descriptor", () => {
    const enter = ["banger-nethelper", "tap", "7", "9", "--"];
    const argv = qemuArguments({ ...plan, link: { kind: "tap", name: "bg7", mac: "52:54:00:00:00:01", enter, descriptor: 9 } });
    expect(argv.slice(0, 6)).toEqual([...enter, QEMU_PROGRAM]);
    expect(valuesOf(argv, "-netdev").map((text) => JSON.parse(text))).toEqual([{ type: "tap", id: "net0", fd: "9" }]);
  });

  test("make the base read-only, for QEMU and for its file", () => {
    const [base, layer] = valuesOf(qemuArguments(plan), "-blockdev").map(
      (text) => JSON.parse(text) as { "read-only": boolean; file: { "read-only": boolean } },
    );
    expect([base?.["read-only"], base?.file["read-only"]]).toEqual([true, true]);
    expect([layer?.["read-only"], layer?.file["read-only"]]).toEqual([false, false]);
  });

  const path = fc.string({ unit: "binary", maxLength: 60 }).map((text) => `/${text.replaceAll("\0", "")}`);
  test("hold every path as one value, whatever is in it", () => {
    fc.assert(
      fc.property(path, path, path, path, (kernelPath, initrdPath, runFolder, disk) => {
        const argv = qemuArguments({
          ...plan,
          kernelPath,
          initrdPath,
          runFolder,
          disks: [{ serial: "layer", path: disk, readOnly: false }],
        });
        expect(argv.length).toBe(qemuArguments({ ...plan, disks: plan.disks.slice(1) }).length);
        expect(valuesOf(argv, "-kernel")).toEqual([kernelPath]);
        expect(valuesOf(argv, "-initrd")).toEqual([initrdPath]);
        const console = valuesOf(argv, "-chardev").find((value) => value.startsWith("pipe,")) ?? "";
        expect(cutOptions(console)).toEqual(["pipe", "id=console", `path=${join(runFolder, "console")}`]);
        expect(JSON.parse(valuesOf(argv, "-blockdev")[0] ?? "").file.filename).toBe(disk);
      }),
    );
  });

  const bad: readonly (readonly [string, Partial<LaunchPlan>])[] = [
    ["a relative path", { kernelPath: "vmlinux" }],
    ["an option for a path", { initrdPath: "-daemonize" }],
    ["a path with a zero", { runFolder: "/a\0b" }],
    ["an id with more than hex digits", { vmId: "a,process=x" }],
    ["no acceleration", { acceleration: "none" }],
    ["a broken count of cpus", { cpus: 1.5 }],
    ["no memory", { memoryMiB: 0 }],
    ["a TSC that is no number", { tscKHz: Number.NaN }],
  ];
  test.each(bad)("refuse %s", (_name, change) => {
    expect(() => qemuArguments({ ...plan, ...change })).toThrow("cannot start QEMU");
  });
});
