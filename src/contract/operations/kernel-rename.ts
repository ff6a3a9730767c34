import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { kernel } from "../schemas/goods.ts";
import { goodsName } from "../schemas/names.ts";

/** Gives a kernel another name; refused while a vm holds it. */
export const kernelRename = defineOperation({
  name: "kernel.rename",
  kind: "change",
  summary: "Give a kernel another name",
  detail: "Refused while a vm holds it. Images go on naming the kernel that they named.",
  method: "POST",
  path: "/v1/kernels/:kernel/rename",
  input: z.strictObject({ kernel: goodsName, to: goodsName }),
  output: kernel,
  stages: [],
  errors: ["kernel_not_found", "kernel_exists", "kernel_in_use", "kernel_damaged", "disk_full"],
  fields: {
    kernel: { brief: "name of the kernel", placeholder: "NAME", completes: "kernel" },
    to: { brief: "the new name", placeholder: "NEW" },
  },
  cli: { words: ["kernel", "rename"], positional: ["kernel", "to"] },
  examples: [{ command: "banger kernel rename mine generic-6.12", does: "have images find it by the name that they use" }],
});
