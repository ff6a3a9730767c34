import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { goodsName } from "../schemas/names.ts";

/** One local image. */
export const imageShow = defineOperation({
  name: "image.show",
  kind: "query",
  summary: "Show one image",
  method: "GET",
  path: "/v1/images/:image",
  input: z.strictObject({ image: goodsName }),
  output: image,
  stages: [],
  errors: ["image_not_found"],
  fields: { image: { brief: "name of the image", placeholder: "NAME", completes: "image" } },
  cli: { words: ["image", "show"], positional: ["image"] },
  examples: [{ command: "banger image show debian-bookworm", does: "its source, digest and users" }],
});
