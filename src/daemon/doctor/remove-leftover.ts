import { dirname } from "node:path";
import type { DoctorParts } from "./doctor.ts";
import { findLeftovers, type Leftover } from "./find-leftovers.ts";

/** A killed process is gone at once, unless it hangs in the kernel. */
const END_MS = 5000;

/** Removes it, unless somebody holds it by now or vms are being made or started; whether it is gone. */
export async function removeLeftover(leftover: Leftover, parts: DoctorParts): Promise<boolean> {
  const done = await parts.remover?.gate.tryAlone(async () => {
    const isStill = (await findLeftovers(parts)).some(({ kind, what }) => kind === leftover.kind && what === leftover.what);
    if (isStill) await remove(leftover, parts);
    return true;
  });
  return done?.result ?? false;
}

async function remove({ kind, what, identity, lease }: Leftover, { system, remover }: DoctorParts): Promise<void> {
  const { files, processes, log, layout } = system;
  log.warn("removing what nothing holds", { kind, what });
  switch (kind) {
    case "process":
      if (identity === undefined || !processes.signal(identity, "SIGKILL")) return;
      await processes.watchEnd(identity, AbortSignal.timeout(END_MS));
      return;
    case "run folder":
    case "vm folder":
    case "half a file":
      return dirname(what) === layout.buildah ? remover?.reconcileBuilds() : files.removeTree(what);
    case "lease":
      if (lease !== undefined) remover?.leases.drop(lease.kind, lease.key);
  }
}
