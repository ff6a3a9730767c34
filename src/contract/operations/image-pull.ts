import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { entryRef } from "../schemas/catalog-names.ts";
import { goodsName } from "../schemas/names.ts";

/** Makes an image that the catalog names. */
export const imagePull = defineOperation({
  name: "image.pull",
  kind: "long",
  summary: "Fetch an image from a catalog, verify it and keep it",
  method: "POST",
  path: "/v1/images/pull",
  input: z.strictObject({ name: entryRef, as: goodsName.optional() }),
  output: image,
  stages: ["catalogs", "wait", "bootstrap", "base", "work seed", "store"],
  errors: ["image_not_in_catalog", "ambiguous_name", "image_exists", "no_debian_mirror", "mirror_lacks_suite"],
  fields: {
    name: { brief: "name in the catalogs, or CATALOG/NAME", placeholder: "NAME" },
    as: { brief: "keep it under this name", placeholder: "NAME" },
  },
  cli: { words: ["image", "pull"], positional: ["name"] },
  examples: [{ command: "banger image pull debian-bookworm", does: "fetch Debian 12" }],
});
