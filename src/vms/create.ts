/**
 * Making a vm: the row first (it reserves the name and holds everything that carries the id), then folder and disks. When a
 * later step fails all of it goes again, in reverse. No decisions: the plan is complete.
 */
import type { ImageParts } from "../images/images.ts";
import type { Steps, VmDependencies } from "./dependencies.ts";
import { diskPathsIn, type DiskPaths } from "./disk-paths.ts";
import { generateName } from "./generate-name.ts";
import type { VmPlan, VmRecord } from "./vm-record.ts";

const ID_BYTES = 6;

/** Makes both disks of a new vm, whose folder is there; they go with it when that fails. */
export type MakeDisks = (paths: DiskPaths, image: ImageParts) => Promise<void>;

/** Reserves the name and makes the disks of `record`, which is in state `preparing`. */
export async function prepareVm(record: VmRecord, makeDisks: MakeDisks, dependencies: VmDependencies, steps: Steps): Promise<void> {
  const { system, rows, leases, images, kernels, networks } = dependencies;
  const { plan } = record;
  await using undo = new AsyncDisposableStack();
  // From here on they are held; until now somebody may have deleted them.
  const [image] = await Promise.all([images.parts(plan.image), kernels.get(plan.kernel)]);
  undo.defer(() => rows.remove(record.id));
  if (plan.network !== null) networks.get(plan.network);
  rows.insert(record);

  const folder = system.layout.vmFolder(record.id);
  undo.defer(async () => {
    await system.files.removeTree(folder);
    leases.drop("vm-folder", folder);
  });
  leases.write({ kind: "vm-folder", key: folder, vmId: record.id, operationId: undefined });
  await system.files.makeFolder(folder);
  await makeDisks(diskPathsIn(folder), image);
  steps.signal.throwIfAborted();
  undo.move();
}

/** An empty layer, and a work disk as the image wants it. */
export function freshDisks(plan: VmPlan, { disks }: VmDependencies, steps: Steps): MakeDisks {
  return async ({ layer, work }, image) => {
    await steps.stage("disk", async (stage) => {
      const { fromPool } = await disks.openLayer(layer, plan.layerBytes, steps.signal);
      if (fromPool) stage.note("from the pool");
    });
    await steps.stage("work disk", async (stage) => {
      await disks.openWorkDisk(work, image.workSeedPath, plan.workBytes, steps.signal);
      if (image.workSeedPath === undefined) stage.note("filled from the image at the first start: it has no work seed");
    });
  };
}

/** The record of a vm to make. */
export function makeRecord(plan: VmPlan, name: string | undefined, { system, rows }: VmDependencies): VmRecord {
  return {
    id: system.random.hex(ID_BYTES),
    name: name ?? generateName(system.random, (candidate) => rows.find(candidate) !== undefined),
    state: "preparing",
    generation: 1,
    problem: null,
    plan,
    boot: null,
    createdAt: system.clock.nowMs(),
  };
}
