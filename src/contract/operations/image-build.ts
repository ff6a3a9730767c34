import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { goodsName, hostFile, size } from "../schemas/names.ts";

/** Makes an image of another, step by step. */
export const imageBuild = defineOperation({
  name: "image.build",
  kind: "long",
  summary: "Build an image from another by the steps of a recipe",
  detail:
    "A vm of the image is started, with a network unless the recipe says otherwise, and the steps are done in it one after the other; what it then is, is kept, as by banger image promote. A recipe is a TOML file, told in docs/images.md: packages of the guest's own package manager, scripts, files. What each step leaves is kept too, so that a build begins with the first step that has changed; banger image prune forgets that. An image that was built by the same steps is not built again.",
  method: "POST",
  path: "/v1/images/build",
  input: z.strictObject({
    as: goodsName,
    from: goodsName,
    recipe: hostFile,
    groups: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]*(?:,[A-Za-z][A-Za-z0-9_-]*)*$/, "groups are words with commas between")
      .optional(),
    size: size.optional(),
    replace: z.boolean().default(false),
    cache: z.boolean().default(true),
  }),
  output: image,
  stages: [
    "recipe",
    "resolve",
    "disk",
    "work disk",
    "network",
    "boot",
    "agent",
    "guest",
    "step",
    "copy",
    "forget",
    "export",
    "power off",
    "halt",
    "work seed",
    "store",
  ],
  errors: [
    "bad_recipe",
    "no_such_group",
    "file_not_found",
    "file_unusable",
    "step_failed",
    "image_not_found",
    "image_exists",
    "image_being_made",
    "image_in_use",
    "cannot_pause",
    "layer_too_large",
    "disk_full",
  ],
  fields: {
    as: { brief: "name to keep it under", placeholder: "NAME" },
    from: { brief: "the image to begin with", placeholder: "IMAGE", flag: "from-image", completes: "image" },
    recipe: { brief: "the recipe", placeholder: "FILE", flag: "file", alias: "f" },
    groups: { brief: "only steps of these groups, and those of none; all when left out", placeholder: "GROUP,..." },
    size: { brief: "size of the root disk while it is built", placeholder: "SIZE" },
    replace: { brief: "take the place of the image of that name, when no vm uses it" },
    cache: { brief: "use what unchanged steps left" },
  },
  cli: { words: ["image", "build"], positional: ["as"] },
  examples: [
    { command: "banger image build tools --from-image debian-bookworm -f recipe.toml", does: "do the recipe's steps on top of Debian 12" },
    { command: "banger image build tools --from-image debian-bookworm -f recipe.toml --replace", does: "the same again, after a change" },
  ],
});
