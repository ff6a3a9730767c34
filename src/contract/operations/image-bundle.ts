import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { goodsName, hostFolder } from "../schemas/names.ts";

/** Writes an image into one file that others can pull. */
export const imageBundle = defineOperation({
  name: "image.bundle",
  kind: "long",
  summary: "Write an image into one file, to publish it",
  detail: "The file is called NAME-ARCH- and the first digits of its sha256: the same image makes the same file.",
  method: "POST",
  path: "/v1/images/:image/bundle",
  input: z.strictObject({ image: goodsName, into: hostFolder }),
  output: z.strictObject({
    path: z.string(),
    /** Its name without the folder. */
    file: z.string(),
    sha256: z.string(),
    bytes: z.number(),
    name: z.string(),
    distro: z.string(),
    arch: z.literal("amd64"),
    kernelRef: z.string().nullable(),
  }),
  stages: ["verify", "pack"],
  errors: [
    "image_not_found",
    "image_broken",
    "image_damaged",
    "image_not_bundled",
    "bundle_too_dense",
    "folder_not_found",
    "folder_unusable",
    "file_exists",
    "disk_full",
  ],
  fields: {
    image: { brief: "name of the image", placeholder: "NAME", completes: "image" },
    into: { brief: "folder for the file", placeholder: "DIR" },
  },
  cli: { words: ["image", "bundle"], positional: ["image"] },
  examples: [{ command: "banger image bundle web --into .", does: "write web-amd64-....tar.zst here" }],
});
