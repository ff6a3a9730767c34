/** What a vm costs the host, and what its guest says that it uses. */
import { z } from "zod";
import { guestStats, traffic } from "./guest.ts";
import { vmState } from "./vm.ts";

/** A process of the host that works for a vm. */
export const vmProcess = z.strictObject({
  /** Driver or helper program: `qemu`. */
  name: z.string(),
  pid: z.number().int(),
  /** Processor time since its start. */
  cpuMs: z.number(),
  rssBytes: z.number(),
  /** Each page divided by the number of processes that share it; null where the kernel does not tell us. */
  pssBytes: z.number().nullable(),
});

export const vmStats = z.strictObject({
  id: z.string(),
  name: z.string(),
  state: vmState,
  cpus: z.number().int(),
  memoryMiB: z.number().int(),
  /** When these numbers were read, on a clock that never goes back: of use to subtract. */
  monotonicMs: z.number(),
  /** What its disks and logs really take on the host's disk. */
  diskBytes: z.number(),
  /** Null while no VMM runs. */
  host: z
    .strictObject({
      /** The VMM first, then the helpers of its network; the numbers below are their sums. */
      processes: z.array(vmProcess),
      cpuMs: z.number(),
      rssBytes: z.number(),
      /** Where a process has none, its RSS is counted instead. */
      pssBytes: z.number(),
      /** What went over its link since the start; null where the link does not count. */
      network: traffic.nullable(),
    })
    .nullable(),
  /** What the guest says, whatever that is worth; null when it does not answer in time. */
  guest: guestStats.nullable(),
  /** Why there is no answer of the guest. Guest bytes in it are already escaped. */
  guestProblem: z.string().nullable(),
});
export type VmStats = z.output<typeof vmStats>;
