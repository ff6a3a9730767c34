/** The probe guest, run for real. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { makeQemuDriver } from "../../src/drivers/qemu/qemu.ts";
import { QEMU_PROGRAM } from "../../src/drivers/qemu/arguments.ts";
import { runProbeGuest } from "../../src/drivers/qemu/run-probe-guest.ts";
import { openTestSystem, testConsoles } from "../host/drivers-world.ts";

setDefaultTimeout(30_000);
const never = new AbortController().signal;

test("the probe guest reaches its end under emulation, and leaves no file", async () => {
  await using world = await openTestSystem();
  expect(await runProbeGuest(world.system, QEMU_PROGRAM, "tcg", never)).toBeUndefined();
  expect(await world.system.files.list(world.system.layout.roots.cache)).toEqual([]);
});

test("KVM is used exactly where the CPU virtualizes and a guest runs", async () => {
  await using world = await openTestSystem();
  const probe = await makeQemuDriver({ system: world.system, consoles: testConsoles(world.system) }).probe(never);
  if (!probe.usable) throw new Error(probe.reason);
  const cpuVirtualizes = /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  if (!cpuVirtualizes) expect(probe).toMatchObject({ acceleration: "tcg", reason: expect.stringContaining("no vmx or svm") });
  expect(probe.acceleration === "kvm").toBe(
    cpuVirtualizes && (await runProbeGuest(world.system, QEMU_PROGRAM, "kvm", never)) === undefined,
  );
  expect(probe.version).toMatch(/^\d+\.\d+/);
});

test("a program that is not QEMU runs no guest, and the answer says what to install", async () => {
  await using world = await openTestSystem();
  expect(
    await makeQemuDriver({ system: world.system, consoles: testConsoles(world.system), program: "/bin/false" }).probe(never),
  ).toMatchObject({
    usable: false,
    hint: expect.stringContaining("qemu-system-x86"),
  });
  expect(
    await makeQemuDriver({ system: world.system, consoles: testConsoles(world.system), program: "no-such-qemu" }).probe(never),
  ).toMatchObject({
    usable: false,
    hint: expect.stringContaining("qemu-system-x86"),
  });
});
