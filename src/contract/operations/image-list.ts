import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";

/** All local images, also those that cannot be read: these have problems. */
export const imageList = defineOperation({
  name: "image.list",
  kind: "query",
  summary: "List local images",
  method: "GET",
  path: "/v1/images",
  input: z.strictObject({}),
  output: z.strictObject({ images: z.array(image) }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["image", "list"], aliases: [["image", "ls"]], quiet: { list: "images", field: "name" } },
  examples: [{ command: "banger image list", does: "what is here, and which vms use it" }],
});
