import type { Image } from "../../contract/schemas/goods.ts";
import type { StoredImage } from "../../images/images.ts";
import type { HandlerParts, HandlersOf } from "../handler.ts";
import { refuseInUse } from "../refuse-in-use.ts";

export const imageHandlers: HandlersOf<"image"> = {
  "image.pull": async (parts, input, context) =>
    withUsers(parts, await parts.gate.share(() => parts.images.pull(input.name, input.as, context, input))),
  "image.import": async (parts, { name, from, kernelRef, init }, context) =>
    withUsers(parts, await parts.gate.share(() => parts.images.import(name, from, { kernelRef, init }, context))),
  "image.promote": async (parts, input, context) => withUsers(parts, await parts.gate.share(() => parts.builds.promote(input, context))),
  "image.make-bundle": (parts, { name, from, into, kernelRef, init, size }, context) =>
    parts.gate.share(() => parts.images.makeBundle(name, from, into, { kernelRef, init, maxBytes: size }, context)),
  "image.register": async (parts, { name, from, kernelRef, init, partition }, context) =>
    withUsers(parts, await parts.gate.share(() => parts.images.register(name, from, { kernelRef, init, partition }, context))),
  "image.build": async (parts, { groups, cache, ...input }, context) =>
    withUsers(parts, await parts.gate.share(() => parts.builds.build({ ...input, groups: groups?.split(","), cached: cache }, context))),
  "image.list": async (parts) => ({ images: (await parts.images.list()).map((image) => withUsers(parts, image)) }),
  "image.show": async (parts, input) => withUsers(parts, await parts.images.get(input.image)),
  "image.bundle": (parts, { image, into }, context) => parts.gate.share(() => parts.images.bundle(image, into, context)),
  "image.tag": async (parts, { image, to }) => withUsers(parts, await parts.gate.share(() => parts.images.tag(image, to))),
  "image.rename": async (parts, { image, to }) =>
    withUsers(parts, await parts.images.rename(image, to, () => refuseInUse(parts.vms, "image", image, "rename"))),
  "image.delete": async ({ images, vms }, input) => {
    await images.delete(input.image, () => refuseInUse(vms, "image", input.image));
    return { image: input.image };
  },
  "image.prune": ({ storage }, input, context) => storage.pruneImages({ ...input, before: input.before }, context),
};

/** The room does not know the vms that hold its goods; here both are known. */
function withUsers({ vms }: HandlerParts, image: StoredImage): Image {
  return { ...image, usedBy: [...vms.usersOf("image", image.name)] };
}
