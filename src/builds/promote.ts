/** `image promote`: a vm, as it is now, becomes an image. */
import type { StoredImage } from "../images/images.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { PromoteRequest } from "./builds.ts";
import { keepWorkshop, type KeepParts } from "./keep-workshop.ts";
import { openWorkshop, withoutSubject, type WorkshopParts } from "./workshop.ts";

export async function promoteVm(
  parts: KeepParts & WorkshopParts,
  { vm: ref, as }: PromoteRequest,
  context: OperationContext,
): Promise<StoredImage> {
  const { vms, images } = parts;
  const source = await vms.get(ref);
  await images.requireFree(as, `cannot promote vm ${source.name}`);
  const steps = withoutSubject(context);
  const make = (name: string, labels: Readonly<Record<string, string>>) =>
    vms.duplicate(source.id, { name, labels, ephemeral: false }, steps);
  await using workshop = await openWorkshop(parts, `image ${as}`, make, steps);
  const { image, kernel, init } = source;
  return await keepWorkshop(parts, workshop, as, { source: "promote", like: image, kernelRef: kernel, init, env: {} }, steps);
}
