import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { guestInit } from "../schemas/init.ts";
import { goodsName, hostFolder, hostInput, size } from "../schemas/names.ts";
import { imageBundle } from "./image-bundle.ts";

/** Writes a bundle of files that somebody has, without an image in between that would have to be deleted. */
export const imageMakeBundle = defineOperation({
  name: "image.make-bundle",
  kind: "long",
  summary: "Write a bundle of a root file system: a tar on stdin",
  detail: "As `image import` and `image bundle` together, for scripts. Nothing is left in the store.",
  method: "POST",
  path: "/v1/images/make-bundle",
  input: z.strictObject({
    name: goodsName,
    from: hostInput,
    into: hostFolder,
    kernelRef: goodsName.optional(),
    init: guestInit.default("agent"),
    size: size.optional(),
  }),
  output: imageBundle.output,
  stages: ["read", "verify", "pack"],
  errors: [
    "file_not_found",
    "file_unreadable",
    "folder_changed",
    "damaged_layer",
    "unsupported_layer",
    "layer_too_large",
    "folder_not_found",
    "folder_unusable",
    "file_exists",
    "disk_full",
  ],
  fields: {
    name: { brief: "what the image is called", placeholder: "NAME" },
    from: { brief: "a tar, a folder, or - for a tar on stdin", placeholder: "PATH" },
    into: { brief: "folder for the file", placeholder: "DIR" },
    kernelRef: { brief: "the kernel that its vms get", placeholder: "NAME", completes: "kernel" },
    init: { brief: "what runs as init in its vms; image means what it has as /sbin/init", placeholder: "INIT" },
    size: { brief: "refuse more content than this; the base is as large as its content", placeholder: "SIZE" },
  },
  cli: { words: ["internal", "make-bundle"], positional: ["name"], composed: true },
  examples: [{ command: "banger internal make-bundle web --into dist", does: "write dist/web-amd64-....tar.zst of a tar on stdin" }],
});
