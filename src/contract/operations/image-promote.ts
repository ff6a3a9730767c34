import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { goodsName, vmRef } from "../schemas/names.ts";

/** Makes an image of a vm. */
export const imagePromote = defineOperation({
  name: "image.promote",
  kind: "long",
  summary: "Make an image of a vm as it is now",
  detail:
    "Copies of its disks are booted in a vm of their own, without a network, which gives away its root and is gone afterwards; your vm stands still while they are copied and is then as it was. Root's home becomes the image's work seed. Left out are who the vm is (machine-id, host keys, host name), logs and temporary files, and of root's home the logins, tokens and keys of the usual tools, and shell histories: what was left out is said. Look for secrets in other places yourself.",
  method: "POST",
  path: "/v1/images/promote",
  input: z.strictObject({ vm: vmRef, as: goodsName }),
  output: image,
  stages: ["copy", "network", "boot", "agent", "guest", "forget", "export", "power off", "halt", "work seed", "store"],
  errors: [
    "vm_not_found",
    "vm_not_settled",
    "image_managed",
    "cannot_pause",
    "image_exists",
    "image_in_making",
    "image_being_made",
    "damaged_layer",
    "layer_too_large",
    "agent_too_old",
    "disk_full",
  ],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "VM", completes: "vm" },
    as: { brief: "name to keep it under", placeholder: "NAME" },
  },
  cli: { words: ["image", "promote"], positional: ["vm", "as"] },
  examples: [{ command: "banger image promote dev my-tools", does: "vms of image my-tools begin as dev is now" }],
});
