import type { VmDependencies } from "./dependencies.ts";
import type { UnreadableVm } from "./vm-rows.ts";

/** Removes a vm of which no more is known than its id: its processes are found by their arguments, its files by their names. */
export async function removeUnreadable({ id, name }: UnreadableVm, dependencies: VmDependencies): Promise<void> {
  const { system, drivers, network, leases, rows } = dependencies;
  const { layout, files, processes, log } = system;
  for (const { vmId, identity } of drivers.flatMap((driver) => driver.findStrays())) {
    if (vmId !== id) continue;
    log.warn("ending a process of a vm whose record cannot be read", { vm: name, pid: identity.pid });
    processes.signal(identity, "SIGKILL");
    await processes.watchEnd(identity);
  }
  await network.removeLink(id);
  await files.removeTree(layout.vmRunFolder(id));
  await files.removeTree(layout.vmFolder(id));
  leases.dropAllOf(id);
  rows.remove(id);
}
