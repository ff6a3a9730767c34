import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { guestInit } from "../schemas/init.ts";
import { goodsName, hostInput } from "../schemas/names.ts";

/** Makes an image of files that somebody has. */
export const imageImport = defineOperation({
  name: "image.import",
  kind: "long",
  summary: "Make an image of a root file system: a tar or a folder",
  detail:
    "The tar is plain, or packed by gzip or zstd. Owners stay as they are; in a folder, what is yours becomes root's. No file of it becomes a file on this computer.",
  method: "POST",
  path: "/v1/images/import",
  input: z.strictObject({
    name: goodsName,
    from: hostInput,
    kernelRef: goodsName.optional(),
    init: guestInit.default("agent"),
  }),
  output: image,
  stages: ["wait", "read", "store"],
  errors: [
    "image_exists",
    "image_being_made",
    "file_not_found",
    "file_unreadable",
    "folder_changed",
    "damaged_layer",
    "unsupported_layer",
    "layer_too_large",
    "disk_full",
  ],
  fields: {
    name: { brief: "name to keep it under", placeholder: "NAME" },
    from: { brief: "a tar, a folder, or - for a tar on stdin", placeholder: "PATH" },
    kernelRef: { brief: "the kernel that its vms get; that of the config when left out", placeholder: "NAME", completes: "kernel" },
    init: { brief: "what runs as init in its vms; image means what it has as /sbin/init", placeholder: "INIT" },
  },
  cli: { words: ["image", "import"], positional: ["name"] },
  examples: [
    { command: "banger image import tree --from ./rootfs", does: "use a folder" },
    { command: "banger image import web --from -", does: "use a tar that comes through a pipe, as from docker export web" },
  ],
});
