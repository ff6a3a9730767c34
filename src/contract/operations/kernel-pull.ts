import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { kernel } from "../schemas/goods.ts";
import { entryRef } from "../schemas/catalog-names.ts";
import { goodsName } from "../schemas/names.ts";

/** Fetches a kernel that the catalog names. */
export const kernelPull = defineOperation({
  name: "kernel.pull",
  kind: "long",
  summary: "Fetch a kernel from a catalog, verify it and keep it",
  method: "POST",
  path: "/v1/kernels/pull",
  input: z.strictObject({ name: entryRef, as: goodsName.optional() }),
  output: kernel,
  stages: ["catalogs", "wait", "index", "download", "unpack", "store"],
  errors: [
    "kernel_not_in_catalog",
    "ambiguous_name",
    "not_published",
    "kernel_exists",
    "no_debian_mirror",
    "mirror_lacks_suite",
    "disk_full",
  ],
  fields: {
    name: { brief: "name in the catalogs, or CATALOG/NAME", placeholder: "NAME" },
    as: { brief: "keep it under this name", placeholder: "NAME" },
  },
  cli: { words: ["kernel", "pull"], positional: ["name"] },
  examples: [{ command: "banger kernel pull debian-6.12", does: "fetch Debian's 6.12" }],
});
