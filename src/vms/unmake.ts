import type { VmDependencies } from "./dependencies.ts";

/** Removes everything of a vm that does not run; the row goes last, so that a crash leaves something to go on with. */
export async function unmakeVm(vmId: string, { system, leases, rows, network }: VmDependencies): Promise<void> {
  await network.removeLink(vmId);
  await system.files.removeTree(system.layout.vmRunFolder(vmId));
  await system.files.removeTree(system.layout.vmFolder(vmId));
  leases.dropAllOf(vmId);
  rows.remove(vmId);
}
