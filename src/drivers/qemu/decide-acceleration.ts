/** What was found out about KVM. */
export interface KvmFacts {
  /** Of /proc/cpuinfo. */
  readonly cpuVirtualizes: boolean;
  readonly deviceExists: boolean;
  /** Why the probe guest did not run under KVM; undefined when it ran. Not asked when either of the others is false. */
  readonly guestFailure: string | undefined;
}

/** KVM only when proven, and why, in words for a user. Pure. */
export function decideAcceleration(facts: KvmFacts): {
  readonly acceleration: "kvm" | "tcg";
  readonly reason: string;
  readonly hint?: string;
} {
  if (!facts.cpuVirtualizes) {
    const why = facts.deviceExists ? "/dev/kvm is there, but this CPU shows no vmx or svm" : "this CPU shows no vmx or svm";
    return emulated(`${why}: virtualization is off in the firmware, or this is a VM itself`);
  }
  if (!facts.deviceExists)
    return emulated("there is no /dev/kvm: the kernel module kvm_intel or kvm_amd is not loaded", "sudo modprobe -a kvm_intel kvm_amd");
  if (facts.guestFailure !== undefined) {
    const mayNot = /permission denied/i.test(facts.guestFailure);
    return emulated(
      `KVM ran no guest: ${facts.guestFailure}`,
      mayNot ? "sudo usermod -aG kvm $USER, log in again, and banger daemon stop" : undefined,
    );
  }
  return { acceleration: "kvm", reason: "a probe guest ran under KVM" };
}

function emulated(why: string, hint?: string): { readonly acceleration: "tcg"; readonly reason: string; readonly hint?: string } {
  return { acceleration: "tcg", reason: why, ...(hint === undefined ? {} : { hint }) };
}
