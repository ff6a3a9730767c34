import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { kernel } from "../schemas/goods.ts";

/** All local kernels, also those that cannot be read: these have problems. */
export const kernelList = defineOperation({
  name: "kernel.list",
  kind: "query",
  summary: "List local kernels",
  method: "GET",
  path: "/v1/kernels",
  input: z.strictObject({}),
  output: z.strictObject({ kernels: z.array(kernel) }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["kernel", "list"], aliases: [["kernel", "ls"]], quiet: { list: "kernels", field: "name" } },
  examples: [{ command: "banger kernel list", does: "what is here, and which vms use it" }],
});
