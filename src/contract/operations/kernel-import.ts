import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { kernel } from "../schemas/goods.ts";
import { goodsName, hostFolder } from "../schemas/names.ts";

/** Copies a kernel from a folder on the host. */
export const kernelImport = defineOperation({
  name: "kernel.import",
  kind: "long",
  summary: "Take a kernel from a folder on this computer",
  detail: "The folder holds metadata.json, or a vmlinux, or boot/vmlinu[xz]-* with lib/modules/* beside it.",
  method: "POST",
  path: "/v1/kernels/import",
  input: z.strictObject({ name: goodsName, from: hostFolder }),
  output: kernel,
  stages: ["find", "copy", "store"],
  errors: ["kernel_exists", "no_kernel_in_folder", "file_unusable", "disk_full"],
  fields: {
    name: { brief: "name to keep it under", placeholder: "NAME" },
    from: { brief: "folder that holds it", placeholder: "DIR" },
  },
  cli: { words: ["kernel", "import"], positional: ["name"] },
  examples: [{ command: "banger kernel import mine --from ./linux", does: "use a kernel that you built" }],
});
