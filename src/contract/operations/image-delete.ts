import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { goodsName } from "../schemas/names.ts";

/** Deletes an image; refused while a vm holds it. */
export const imageDelete = defineOperation({
  name: "image.delete",
  kind: "change",
  summary: "Delete an image",
  detail: "Refused while a vm holds it.",
  method: "DELETE",
  path: "/v1/images/:image",
  input: z.strictObject({ image: goodsName }),
  output: z.strictObject({ image: z.string() }),
  stages: [],
  errors: ["image_not_found", "image_in_use"],
  fields: { image: { brief: "name of the image", placeholder: "NAME", completes: "image" } },
  cli: { words: ["image", "delete"], aliases: [["image", "rm"]], positional: ["image"], repeat: "image" },
  examples: [{ command: "banger image delete debian-bookworm", does: "free its space" }],
});
