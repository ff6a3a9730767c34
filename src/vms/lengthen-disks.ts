import type { VmDependencies } from "./dependencies.ts";
import { diskPathsOf } from "./disk-paths.ts";
import type { VmPlan } from "./vm-record.ts";

/** Brings the files of the disks to the size of the plan; they only ever become longer. */
export async function lengthenDisks(
  vmId: string,
  { layerBytes, workBytes }: Pick<VmPlan, "layerBytes" | "workBytes">,
  dependencies: VmDependencies,
): Promise<void> {
  const { layer, work } = diskPathsOf(vmId, dependencies);
  await dependencies.disks.lengthen(layer, layerBytes);
  await dependencies.disks.lengthen(work, workBytes);
}
