/** The last of each image's making: what the workshop's guest is, kept. */
import type { GuestRoot, Images, StoredImage } from "../images/images.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { diskPathsOf, type Vms } from "../vms/vms.ts";
import { IDENTITY, LOGINS } from "./private-files.ts";
import type { Workshop } from "./workshop.ts";

export interface KeepParts {
  readonly system: System;
  readonly vms: Vms;
  readonly images: Images;
}

/** A guest that has nothing more to do goes down at once; one that has not by then has nothing left that matters. */
const POWER_OFF_MS = 60_000;
const MOST_NAMES = 10;

export async function keepWorkshop(
  { system, vms, images }: KeepParts,
  { vm }: Workshop,
  as: string,
  said: Omit<GuestRoot, "open" | "giveWorkDisk">,
  context: OperationContext,
): Promise<StoredImage> {
  const agent = await vms.agentOf(vm.id);
  await context.stage("forget", async (stage) => {
    const removed = await agent.forget(LOGINS, context.signal);
    if (removed.length === 0) return;
    const more = removed.length > MOST_NAMES ? ` and ${removed.length - MOST_NAMES} more` : "";
    stage.note(`left out: ${removed.slice(0, MOST_NAMES).join(", ")}${more}`);
  });
  return images.keep(
    as,
    {
      ...said,
      open: (signal) => agent.openExport(IDENTITY, signal),
      giveWorkDisk: async (path) => {
        await vms.stop(vm.id, POWER_OFF_MS, context);
        await context.stage("work seed", () => system.files.copySparse(diskPathsOf(vm.id, { system }).work, path, context.signal));
      },
    },
    context,
  );
}
