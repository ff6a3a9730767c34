import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { goodsName, hostFolder } from "../schemas/names.ts";

/** Writes a kernel into one file that others can pull. */
export const kernelBundle = defineOperation({
  name: "kernel.bundle",
  kind: "long",
  summary: "Write a kernel into one file, to publish it",
  detail: "The file is called NAME-ARCH- and the first digits of its sha256: the same kernel makes the same file.",
  method: "POST",
  path: "/v1/kernels/:kernel/bundle",
  input: z.strictObject({ kernel: goodsName, into: hostFolder }),
  output: z.strictObject({
    path: z.string(),
    /** Its name without the folder. */
    file: z.string(),
    sha256: z.string(),
    bytes: z.number(),
    name: z.string(),
    distro: z.string(),
    arch: z.literal("amd64"),
    version: z.string().nullable(),
  }),
  stages: ["verify", "pack"],
  errors: ["kernel_not_found", "kernel_damaged", "kernel_not_bundled", "folder_not_found", "folder_unusable", "file_exists", "disk_full"],
  fields: {
    kernel: { brief: "name of the kernel", placeholder: "NAME", completes: "kernel" },
    into: { brief: "folder for the file", placeholder: "DIR" },
  },
  cli: { words: ["kernel", "bundle"], positional: ["kernel"] },
  examples: [{ command: "banger kernel bundle generic-6.12 --into .", does: "write generic-6.12-amd64-....tar.zst here" }],
});
