import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { goodsName } from "../schemas/names.ts";

/** Gives an image another name; refused while a vm holds it. */
export const imageRename = defineOperation({
  name: "image.rename",
  kind: "change",
  summary: "Give an image another name",
  detail: "Refused while a vm holds it.",
  method: "POST",
  path: "/v1/images/:image/rename",
  input: z.strictObject({ image: goodsName, to: goodsName }),
  output: image,
  stages: [],
  errors: ["image_not_found", "image_exists", "image_in_use"],
  fields: {
    image: { brief: "name of the image", placeholder: "NAME", completes: "image" },
    to: { brief: "the new name", placeholder: "NEW" },
  },
  cli: { words: ["image", "rename"], positional: ["image", "to"] },
  examples: [{ command: "banger image rename web-v1 web", does: "call it web from now on" }],
});
