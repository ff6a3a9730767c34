/** The disks of a vm as they are at one moment. */
import type { Steps, VmDependencies } from "./dependencies.ts";
import { diskPathsOf, type DiskPaths } from "./disk-paths.ts";
import type { Supervisor } from "./supervise.ts";

/** What waits in the guest to be written is worth a moment, and no more: none where the host has no room for it. */
const FLUSH_MS = 30_000;

/**
 * Copies them to where nothing is. A guest that runs writes down what it has and then stands still until both are copied, so that they
 * fit together; what it was in the middle of is as after a loss of power. Stage: `copy`.
 */
export async function copyDisks(supervisor: Supervisor, to: DiskPaths, dependencies: VmDependencies, steps: Steps): Promise<void> {
  const from = diskPathsOf(supervisor.id, dependencies);
  await steps.stage("copy", async () => {
    await flush(supervisor, dependencies, steps.signal);
    await supervisor.whileStill(() => copyBoth(dependencies, from, to, steps.signal), steps);
  });
}

/** Of which nobody writes to either meanwhile. */
export async function copyBoth(
  { disks }: Pick<VmDependencies, "disks">,
  from: DiskPaths,
  to: DiskPaths,
  signal: AbortSignal,
): Promise<void> {
  await disks.copy(from.layer, to.layer, signal);
  await disks.copy(from.work, to.work, signal);
}

async function flush(supervisor: Supervisor, { system }: VmDependencies, signal: AbortSignal): Promise<void> {
  if (supervisor.record.state !== "running") return;
  const over = new AbortController();
  try {
    void supervisor.watchHeld(over.signal).then(
      () => over.abort(),
      () => undefined,
    );
    const soon = AbortSignal.any([signal, over.signal, AbortSignal.timeout(FLUSH_MS)]);
    await (await supervisor.agent(soon)).forget([], soon);
  } catch (error) {
    signal.throwIfAborted();
    system.log.warn("a guest does not write down what it has before its disks are copied", { vm: supervisor.record.name, error });
  } finally {
    over.abort();
  }
}
