import { expect, test } from "bun:test";
import { decideAcceleration, type KvmFacts } from "./decide-acceleration.ts";

const works: KvmFacts = { cpuVirtualizes: true, deviceExists: true, guestFailure: undefined };
const cases: readonly (readonly [string, Partial<KvmFacts>, "kvm" | "tcg", string])[] = [
  ["a probe guest that ran is proof", {}, "kvm", "a probe guest ran"],
  ["a device without a CPU for it is not", { cpuVirtualizes: false }, "tcg", "no vmx or svm"],
  ["a CPU without a device is not", { deviceExists: false }, "tcg", "there is no /dev/kvm"],
  ["a guest that did not run is not", { guestFailure: "Permission denied" }, "tcg", "Permission denied"],
];
test.each(cases)("%s", (_name, change, acceleration, words) => {
  const verdict = decideAcceleration({ ...works, ...change });
  expect(verdict.acceleration).toBe(acceleration);
  expect(verdict.reason).toContain(words);
});

test("what to type is told where something can be done about it", () => {
  expect(decideAcceleration({ ...works, cpuVirtualizes: false }).hint).toBeUndefined();
  expect(decideAcceleration({ ...works, deviceExists: false }).hint).toContain("modprobe");
  expect(decideAcceleration({ ...works, guestFailure: "Could not access KVM kernel module: Permission denied" }).hint).toContain(
    "kvm $USER",
  );
  expect(decideAcceleration({ ...works, guestFailure: "it hangs" }).hint).toBeUndefined();
});
