/** Each verb that changes something. */
import { BUILD_STEPS } from "./steps/builds.ts";
import { BUNDLE_STEPS } from "./steps/bundles.ts";
import { CATALOG_STEPS } from "./steps/catalogs.ts";
import { DAEMON_STEPS } from "./steps/daemon.ts";
import { IMAGE_STEPS } from "./steps/images.ts";
import { KERNEL_STEPS } from "./steps/kernels.ts";
import type { Step } from "./steps/step.ts";
import { VM_STEPS } from "./steps/vms.ts";

export const STEPS: readonly Step[] = [
  ...VM_STEPS,
  ...KERNEL_STEPS,
  ...BUNDLE_STEPS,
  ...BUILD_STEPS,
  ...CATALOG_STEPS,
  ...IMAGE_STEPS,
  ...DAEMON_STEPS,
];
