import { BangerError } from "../contract/errors.ts";
import type { ProcessIdentity, System } from "../system/system.ts";

/** A killed process is gone at once, unless it hangs in the kernel. */
const KILL_MS = 10_000;

/** Forces a process to end and resolves when it has. `ended` is quicker news for a child of ours. */
export async function endProcess({ processes, clock }: System, identity: ProcessIdentity, ended?: Promise<unknown>): Promise<void> {
  processes.signal(identity, "SIGKILL");
  const finished = new AbortController();
  const late = clock.sleep(KILL_MS, finished.signal).then(() => {
    throw new BangerError("timeout", "vmm_unkillable", `cannot end process ${identity.pid}: it is still there after SIGKILL`);
  });
  const watched = ended ?? processes.watchEnd(identity, finished.signal);
  try {
    await Promise.race([watched, late]);
  } finally {
    for (const loser of [watched, late]) loser.catch(() => undefined);
    finished.abort();
  }
}
