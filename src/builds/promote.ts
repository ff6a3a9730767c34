/** `image promote`: a vm, as it is now, becomes an image. */
import { BangerError } from "../contract/errors.ts";
import type { StoredImage } from "../images/images.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { PromoteRequest } from "./builds.ts";
import { keepWorkshop, type KeepParts } from "./keep-workshop.ts";
import { inWorkshop, type WorkshopUse } from "./in-workshop.ts";
import type { WorkshopParts } from "./workshop.ts";

/** Every image of the store is whole and its own already; a second name is all that could be wanted of it. */
async function refuseImage(images: KeepParts["images"], ref: string, as: string, error: unknown): Promise<never> {
  const isImage = await images.get(ref).then(
    () => true,
    () => false,
  );
  if (!isImage) throw error;
  throw new BangerError(
    "refused",
    "image_managed",
    `cannot promote ${ref}: it is an image, and has all that it needs in the store already`,
    {
      hint: `banger image tag ${ref} ${as}`,
      cause: error,
    },
  );
}

export async function promoteVm(
  parts: KeepParts & WorkshopParts,
  { vm: ref, as }: PromoteRequest,
  context: OperationContext,
): Promise<StoredImage> {
  const { vms, images } = parts;
  const source = await vms.get(ref).catch((error: unknown) => refuseImage(images, ref, as, error));
  const what = `cannot promote vm ${source.name}`;
  await images.requireFree(as, what);
  const make: WorkshopUse["make"] = (name, labels, steps) => vms.duplicate(source.id, { name, labels, ephemeral: false }, steps);
  const { image, kernel, init } = source;
  return await inWorkshop(parts, { as, what, make }, context, (workshop, steps) =>
    keepWorkshop(parts, workshop, as, { source: "promote", like: image, kernelRef: kernel, init, env: {} }, steps),
  );
}
