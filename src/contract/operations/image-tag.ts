import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { goodsName } from "../schemas/names.ts";

/** Gives an image one more name. */
export const imageTag = defineOperation({
  name: "image.tag",
  kind: "change",
  summary: "Give an image one more name",
  detail: "Both names share what is on disk, which goes when the last of them is deleted.",
  method: "POST",
  path: "/v1/images/:image/tag",
  input: z.strictObject({ image: goodsName, to: goodsName }),
  output: image,
  stages: [],
  errors: ["image_not_found", "image_exists", "image_broken", "disk_full"],
  fields: {
    image: { brief: "name of the image", placeholder: "NAME", completes: "image" },
    to: { brief: "the further name", placeholder: "NEW" },
  },
  cli: { words: ["image", "tag"], positional: ["image", "to"] },
  examples: [{ command: "banger image tag debian-bookworm base", does: "keep this one as base, whatever is pulled later" }],
});
