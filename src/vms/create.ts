/**
 * Making a vm: the row first (it reserves the name and holds everything that carries the id), then folder and disks. When a
 * later step fails all of it goes again, in reverse. No decisions: the plan is complete.
 */
import type { ImageParts } from "../images/images.ts";
import type { Steps, VmDependencies } from "./dependencies.ts";
import { generateName } from "./generate-name.ts";
import type { VmPlan, VmRecord } from "./vm-record.ts";

const ID_BYTES = 6;

/** A prepared vm and how to unmake it; the caller decides which of the two it keeps. */
export interface PreparedVm {
  readonly record: VmRecord;
  /** Unmakes it on disposal; `move()` keeps it. */
  readonly undo: AsyncDisposableStack;
}

/** Reserves the name and makes the disks. The record is in state `preparing`. */
export async function prepareVm(plan: VmPlan, name: string | undefined, dependencies: VmDependencies, steps: Steps): Promise<PreparedVm> {
  const { system, rows, leases, images } = dependencies;
  await using undo = new AsyncDisposableStack();
  const image = await images.parts(plan.image);
  const record = makeRecord(plan, name, dependencies);
  rows.insert(record);
  undo.defer(() => rows.remove(record.id));

  const folder = system.layout.vmFolder(record.id);
  leases.write({ kind: "vm-folder", key: folder, vmId: record.id, operationId: undefined });
  undo.defer(async () => {
    await system.files.removeTree(folder);
    leases.drop("vm-folder", folder);
  });
  await system.files.makeFolder(folder);
  await makeDisks(plan, folder, image, dependencies, steps);
  steps.signal.throwIfAborted();
  return { record, undo: undo.move() };
}

async function makeDisks(plan: VmPlan, folder: string, image: ImageParts, { disks }: VmDependencies, steps: Steps): Promise<void> {
  await steps.stage("disk", async (stage) => {
    const { fromPool } = await disks.openLayer(`${folder}/layer.ext4`, plan.layerBytes, steps.signal);
    if (fromPool) stage.note("from the pool");
  });
  await steps.stage("work disk", async (stage) => {
    await disks.openWorkDisk(`${folder}/work.ext4`, image.workSeedPath, plan.workBytes, steps.signal);
    if (image.workSeedPath === undefined) stage.note("empty: the image has no work seed");
  });
}

function makeRecord(plan: VmPlan, name: string | undefined, { system, rows }: VmDependencies): VmRecord {
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
