import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { kernel } from "../schemas/goods.ts";
import { goodsName } from "../schemas/names.ts";

/** One local kernel. */
export const kernelShow = defineOperation({
  name: "kernel.show",
  kind: "query",
  summary: "Show one kernel",
  method: "GET",
  path: "/v1/kernels/:kernel",
  input: z.strictObject({ kernel: goodsName }),
  output: kernel,
  stages: [],
  errors: ["kernel_not_found"],
  fields: { kernel: { brief: "name of the kernel", placeholder: "NAME", completes: "kernel" } },
  cli: { words: ["kernel", "show"], positional: ["kernel"] },
  examples: [{ command: "banger kernel show debian-6.12", does: "its source, digest and users" }],
});
