import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { goodsName } from "../schemas/names.ts";

/** Deletes a kernel; refused while a vm holds it. */
export const kernelDelete = defineOperation({
  name: "kernel.delete",
  kind: "change",
  summary: "Delete a kernel",
  detail: "Refused while a vm holds it.",
  method: "DELETE",
  path: "/v1/kernels/:kernel",
  input: z.strictObject({ kernel: goodsName }),
  output: z.strictObject({ kernel: z.string() }),
  stages: [],
  errors: ["kernel_not_found", "kernel_in_use"],
  fields: { kernel: { brief: "name of the kernel", placeholder: "NAME", completes: "kernel" } },
  cli: { words: ["kernel", "delete"], aliases: [["kernel", "rm"]], positional: ["kernel"], repeat: "kernel" },
  examples: [{ command: "banger kernel delete debian-6.12", does: "free its space" }],
});
