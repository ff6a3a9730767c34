/** Where the disks of a vm lie. */
import type { System } from "../system/system.ts";

export interface DiskPaths {
  readonly layer: string;
  readonly work: string;
}

/** In a folder that is a vm's, or was. */
export function diskPathsIn(folder: string): DiskPaths {
  return { layer: `${folder}/layer.ext4`, work: `${folder}/work.ext4` };
}

export function diskPathsOf(vmId: string, { system }: { readonly system: Pick<System, "layout"> }): DiskPaths {
  return diskPathsIn(system.layout.vmFolder(vmId));
}
