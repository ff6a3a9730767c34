import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { image } from "../schemas/goods.ts";
import { guestInit } from "../schemas/init.ts";
import { goodsName, hostFile } from "../schemas/names.ts";

/** Makes an image of a disk that somebody has. */
export const imageRegister = defineOperation({
  name: "image.register",
  kind: "long",
  summary: "Make an image of a finished disk",
  detail:
    "The disk holds ext4, squashfs or EROFS, alone or in a partition, and is a plain file or a qcow2. All of it is copied; nothing is mounted or repaired here.",
  method: "POST",
  path: "/v1/images/register",
  input: z.strictObject({
    name: goodsName,
    from: hostFile,
    partition: z.int().min(1).max(1024).optional(),
    kernelRef: goodsName.optional(),
    init: guestInit.default("agent"),
  }),
  output: image,
  stages: ["wait", "convert", "inspect", "copy", "store"],
  errors: [
    "image_exists",
    "image_being_made",
    "file_not_found",
    "file_unusable",
    "disk_not_usable",
    "disk_not_clean",
    "disk_damaged",
    "disk_ambiguous",
    "partition_not_found",
    "program_missing",
    "disk_full",
  ],
  fields: {
    name: { brief: "name to keep it under", placeholder: "NAME" },
    from: { brief: "file of the disk", placeholder: "FILE" },
    partition: { brief: "number of the partition with the root; found when left out", placeholder: "N" },
    kernelRef: { brief: "the kernel that its vms get; that of the config when left out", placeholder: "NAME", completes: "kernel" },
    init: { brief: "what runs as init in its vms; image means what it has as /sbin/init", placeholder: "INIT" },
  },
  cli: { words: ["image", "register"], positional: ["name"] },
  examples: [
    { command: "banger image register cloud --from disk.qcow2 --kernel-ref debian-6.12", does: "use a disk of a cloud" },
    { command: "banger image register mine --from root.ext4 --init systemd", does: "use a file system with systemd" },
  ],
});
