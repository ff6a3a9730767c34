import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { imageRef, platformName } from "../schemas/catalog-names.ts";
import { goodsName } from "../schemas/names.ts";

/** Makes an image that a catalog names, or that a registry has. */
export const imagePull = defineOperation({
  name: "image.pull",
  kind: "long",
  summary: "Fetch an image from a catalog or a registry, verify it and keep it",
  method: "POST",
  path: "/v1/images/pull",
  input: z.strictObject({
    name: imageRef,
    as: goodsName.optional(),
    platform: platformName.optional(),
    kernelRef: goodsName.optional(),
  }),
  output: image,
  stages: ["catalogs", "wait", "bootstrap", "base", "work seed", "resolve", "download", "merge", "unpack", "store"],
  errors: [
    "image_not_in_catalog",
    "ambiguous_name",
    "image_exists",
    "no_debian_mirror",
    "mirror_lacks_suite",
    "bad_image_reference",
    "image_not_in_registry",
    "no_such_platform",
    "registry_denied",
    "login_unusable",
    "bad_oci_document",
    "not_an_image",
    "digest_mismatch",
    "disk_full",
  ],
  fields: {
    name: { brief: "name in the catalogs, CATALOG/NAME, or an image of a registry such as debian:bookworm", placeholder: "NAME" },
    as: { brief: "keep it under this name", placeholder: "NAME", flag: "name" },
    platform: { brief: "of a registry's image, the one for this platform; linux/amd64 when left out", placeholder: "OS/ARCH" },
    kernelRef: { brief: "of a registry's image, the kernel that its vms get", placeholder: "NAME", completes: "kernel" },
  },
  cli: { words: ["image", "pull"], positional: ["name"] },
  examples: [
    { command: "banger image pull debian-bookworm", does: "fetch Debian 12" },
    { command: "banger image pull debian:bookworm --kernel-ref debian-6.12 --name deb", does: "fetch docker.io's Debian 12" },
  ],
});
