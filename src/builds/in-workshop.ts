/** Work in a workshop, and what becomes of it where the disk that holds the vms has no room for one. */
import { diskFull, firstOf, onDisk } from "../contract/disk-full.ts";
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { OperationContext } from "../operations/operations.ts";
import { aboutImage } from "./about-image.ts";
import { openWorkshop, withoutSubject, type Workshop, type WorkshopParts } from "./workshop.ts";

const MIB = 2 ** 20;
const LOOK_MS = 1000;

/** What it is for. */
export interface WorkshopUse {
  /** The image that is made. */
  readonly as: string;
  /** How a refusal begins: `cannot build image web`. */
  readonly what: string;
  /** Makes and starts the vm, by this name and with these labels. */
  readonly make: (name: string, labels: Readonly<Record<string, string>>, steps: OperationContext) => Promise<Vm>;
}

/**
 * Makes a workshop, does the work, and removes the workshop, however that ended. A guest whose disk finds no room on the host is held until
 * there is some: here the work is given up then, since nobody would see what it waits for.
 *
 * Throws `unavailable` `disk_full` where the disk of the vms is full, and as `make` and `work`.
 */
export async function inWorkshop<T>(
  parts: WorkshopParts,
  { as, what, make }: WorkshopUse,
  context: OperationContext,
  work: (workshop: Workshop, steps: OperationContext) => Promise<T>,
): Promise<T> {
  const { files, layout } = parts.system;
  const { state } = layout.roots;
  const held = new AbortController();
  const steps = { ...withoutSubject(context), signal: AbortSignal.any([context.signal, held.signal]) };
  const over = new AbortController();
  const makeWatched = (name: string, labels: Readonly<Record<string, string>>): Promise<Vm> => {
    void untilHeld(parts, name, over.signal).then((why) => why !== undefined && held.abort(why));
    return onDisk(what, state, () => make(name, labels, steps)).catch((error: unknown) => {
      throw aboutImage(error, name, what);
    });
  };
  try {
    await using workshop = await openWorkshop(parts, `image ${as}`, makeWatched, steps);
    return await work(workshop, steps);
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (held.signal.aborted) throw diskFull(what, state, held.signal.reason);
    const first = firstOf(error);
    if (!(first instanceof BangerError) || first.code !== "host_disk_full") throw error;
    // The one that it would be made in is nobody's: who asked for an image is told of that.
    const left = Math.floor((await files.freeBytes(state)) / MIB);
    throw diskFull(what, state, error, `has only ${left} MiB left, too little for the vm that it is made in`);
  } finally {
    over.abort();
  }
}

/** Why, as soon as the guest is held; undefined when the watching ends before. */
async function untilHeld({ system, vms }: WorkshopParts, name: string, signal: AbortSignal): Promise<BangerError | undefined> {
  for (;;) {
    try {
      await system.clock.sleep(LOOK_MS, signal);
      await vms.agentOf(name);
    } catch (error) {
      if (signal.aborted) return undefined;
      // It may not be there yet, or not answer for another reason, which whoever works in it will see.
      if (error instanceof BangerError && error.code === "vm_held") return error;
    }
  }
}
