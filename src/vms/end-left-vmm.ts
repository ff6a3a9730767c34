import { BangerError } from "../contract/errors.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { VmRecord } from "./vm-record.ts";

/** A killed process is gone at once, unless it hangs in the kernel. */
const GONE_WITHIN_MS = 10_000;

/** Ends the VMM that a record names, when it is still that very process: no other may start on its disks, nor may they go. */
export async function endLeftVmm({ name, boot }: VmRecord, { system }: VmDependencies): Promise<void> {
  const identity = boot?.vmm?.identity;
  if (identity === undefined || !system.processes.isAlive(identity)) return;
  system.log.warn("ending a VMM that nobody holds", { vm: name, pid: identity.pid });
  system.processes.signal(identity, "SIGKILL");
  const late = AbortSignal.timeout(GONE_WITHIN_MS);
  try {
    await system.processes.watchEnd(identity, late);
  } catch (error) {
    if (!late.aborted) throw error;
    throw new BangerError(
      "timeout",
      "vmm_unkillable",
      `cannot end the VMM of vm ${name}: process ${identity.pid} is still there after SIGKILL`,
      {
        hint: `look at it: ps -o pid,stat,wchan,args ${identity.pid}`,
        cause: error,
      },
    );
  }
}
