import type { Images } from "../images/images.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { Operations } from "../operations/operations.ts";
import type { Vms } from "../vms/vms.ts";

/** The rooms that the handlers call. `wire.ts` makes the real ones. */
export interface Services {
  readonly vms: Vms;
  readonly kernels: Kernels;
  readonly images: Images;
  readonly operations: Operations;
}

/** This daemon, as its handlers see it. */
export interface DaemonSelf {
  readonly version: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Asks the daemon to end in good order, soon. */
  requestStop(): void;
}
