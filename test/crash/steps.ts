/** Each verb that changes something. */
import { BUNDLE_STEPS } from "./steps/bundles.ts";
import { DAEMON_STEPS } from "./steps/daemon.ts";
import { IMAGE_STEPS } from "./steps/images.ts";
import { KERNEL_STEPS } from "./steps/kernels.ts";
import type { Step } from "./steps/step.ts";
import { VM_STEPS } from "./steps/vms.ts";

export const STEPS: readonly Step[] = [...VM_STEPS, ...KERNEL_STEPS, ...BUNDLE_STEPS, ...IMAGE_STEPS, ...DAEMON_STEPS];
