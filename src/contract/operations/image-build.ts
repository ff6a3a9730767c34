import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { environment, goodsName, hostFile, hostFolder, size } from "../schemas/names.ts";

/** Makes an image of another, step by step, or by a Dockerfile. */
export const imageBuild = defineOperation({
  name: "image.build",
  kind: "long",
  summary: "Build an image by a recipe or a Dockerfile",
  detail:
    "By a recipe: a vm of the image is started, with a network unless the recipe says otherwise, and the steps are done in it one after the other; what it then is, is kept, as by banger image promote. A recipe is a TOML file, told in docs/images.md: packages of the guest's own package manager, scripts, files. What each step leaves is kept too, so that a build begins with the first step that has changed; banger image prune forgets that. An image that was built by the same steps is not built again. A file that is called Dockerfile or Containerfile, or begins or ends so, is built by buildah, which must be installed, on this computer and not in a vm; the network is the computer's own. Its FROM may name images of image list.",
  method: "POST",
  path: "/v1/images/build",
  input: z.strictObject({
    as: goodsName,
    context: hostFolder.optional(),
    from: goodsName.optional(),
    file: hostFile,
    groups: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]*(?:,[A-Za-z][A-Za-z0-9_-]*)*$/, "groups are words with commas between")
      .optional(),
    size: size.optional(),
    unsafeNet: z.boolean().default(false),
    target: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, "a stage is called by a word")
      .optional(),
    buildArgs: environment.optional(),
    kernelRef: goodsName.optional(),
    replace: z.boolean().default(false),
    cache: z.boolean().default(true),
  }),
  output: image,
  stages: [
    "recipe",
    "dockerfile",
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
    "buildah",
    "power off",
    "halt",
    "work seed",
    "download",
    "merge",
    "store",
  ],
  errors: [
    "bad_recipe",
    "no_base",
    "not_of_a_recipe",
    "not_of_a_dockerfile",
    "no_buildah",
    "dockerfile_failed",
    "no_such_group",
    "file_not_found",
    "file_unusable",
    "step_failed",
    "network_unsafe",
    "image_not_found",
    "image_exists",
    "image_in_making",
    "image_being_made",
    "image_in_use",
    "cannot_pause",
    "layer_too_large",
    "disk_full",
  ],
  fields: {
    as: { brief: "name to keep it under", placeholder: "NAME" },
    context: { brief: "the folder that a Dockerfile copies from; its own when left out", placeholder: "CONTEXT" },
    from: { brief: "the image that a recipe begins with", placeholder: "IMAGE", flag: "from-image", completes: "image" },
    file: { brief: "the recipe or Dockerfile", placeholder: "FILE", alias: "f" },
    groups: { brief: "only steps of these groups, and those of none; all when left out", placeholder: "GROUP,..." },
    target: { brief: "the stage of a Dockerfile that is wanted; the last when left out", placeholder: "STAGE" },
    buildArgs: { brief: "an argument of a Dockerfile; may be repeated", placeholder: "KEY=VALUE", flag: "build-arg" },
    kernelRef: { brief: "the kernel of its vms; that of what it begins with when left out", placeholder: "KERNEL", completes: "kernel" },
    size: { brief: "size of the root disk while it is built by a recipe", placeholder: "SIZE" },
    unsafeNet: { brief: "let steps of a recipe take a way out that isolates nothing, where there is no other" },
    replace: { brief: "take the place of the image of that name, when no vm uses it" },
    cache: { brief: "do all steps of a recipe again, whatever unchanged ones left" },
  },
  cli: { words: ["image", "build"], positional: ["as", "context"] },
  examples: [
    { command: "banger image build tools --from-image debian-bookworm -f recipe.toml", does: "do the recipe's steps on top of Debian 12" },
    { command: "banger image build tools --from-image debian-bookworm -f recipe.toml --replace", does: "the same again, after a change" },
    { command: "banger image build web -f Dockerfile --build-arg PORT=80", does: "by a Dockerfile, with what lies beside it" },
  ],
});
