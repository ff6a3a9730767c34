import type { VmDependencies } from "./dependencies.ts";
import type { VmPlan } from "./vm-record.ts";

/** Brings the files of the disks to the size of the plan; they only ever become longer. */
export async function lengthenDisks(
  vmId: string,
  { layerBytes, workBytes }: Pick<VmPlan, "layerBytes" | "workBytes">,
  dependencies: VmDependencies,
): Promise<void> {
  const { layer, work } = diskPaths(vmId, dependencies);
  await dependencies.disks.lengthen(layer, layerBytes);
  await dependencies.disks.lengthen(work, workBytes);
}

export function diskPaths(vmId: string, { system }: Pick<VmDependencies, "system">): { readonly layer: string; readonly work: string } {
  const folder = system.layout.vmFolder(vmId);
  return { layer: `${folder}/layer.ext4`, work: `${folder}/work.ext4` };
}
