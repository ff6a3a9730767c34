import type { LaunchPlan } from "../drivers.ts";

/**
 * The kernel's command line.
 *
 * - `console=ttyS0`: for the log that people read when a boot fails; nothing talks over it. `quiet loglevel=4` leaves warnings and
 *   worse, because each byte on an emulated UART costs an exit to the VMM. Panics and the words of a power off come through.
 * - `panic=-1 reboot=t`: a panic resets at once, and every reset is a triple fault, which needs no device; the VMM then ends.
 * - `tsc_early_khz`, `tsc=reliable`: an emulated microvm has nothing to calibrate the TSC against. Without the number the kernel
 *   falls back to jiffies, and would hang on the check of a timer that is not there.
 * - `norandmaps`, under TCG: QEMU keeps translated code by its virtual address, so with libraries at new addresses in every
 *   process it translates them anew for each command; without, a command takes a third of the time (decision 8).
 */
export function kernelArguments(plan: Pick<LaunchPlan, "acceleration" | "tscKHz">): string {
  return ["console=ttyS0 quiet loglevel=4 panic=-1 reboot=t", ...timeArguments(plan), ...addressArguments(plan)].join(" ");
}

function timeArguments({ acceleration, tscKHz }: Pick<LaunchPlan, "acceleration" | "tscKHz">): readonly string[] {
  if (acceleration === "kvm") return [];
  return tscKHz === undefined ? ["no_timer_check"] : [`tsc_early_khz=${tscKHz} tsc=reliable`];
}

function addressArguments({ acceleration }: Pick<LaunchPlan, "acceleration">): readonly string[] {
  return acceleration === "tcg" ? ["norandmaps"] : [];
}
