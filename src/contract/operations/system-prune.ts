import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { duration, size } from "../schemas/names.ts";
import { pruneReport } from "../schemas/storage.ts";

/** Removes what nothing uses. */
export const systemPrune = defineOperation({
  name: "system.prune",
  kind: "long",
  summary: "Remove what nothing uses",
  detail:
    "Downloads, what steps of builds left, initramfs files and agents of no use any more, blanks, ephemeral vms that were left behind stopped, and the records of ended operations. With --images and --kernels also those that no vm uses; a vm only with --vms and --older-than, and only when it is stopped. Shows first what would go, and asks; without a terminal it takes --yes.",
  method: "POST",
  path: "/v1/system/prune",
  input: z.strictObject({
    images: z.boolean().default(false),
    kernels: z.boolean().default(false),
    vms: z.boolean().default(false),
    olderThan: duration.optional(),
    keepBytes: size.optional(),
    dryRun: z.boolean().default(false),
    before: z.int().min(0).optional(),
  }),
  output: pruneReport,
  stages: ["look", "remove"],
  errors: ["vms_need_age"],
  fields: {
    images: { brief: "also images that no vm uses" },
    kernels: { brief: "also kernels that no vm and no image uses" },
    vms: { brief: "also vms that are stopped; takes --older-than" },
    olderThan: { brief: "only what was not used for that long, such as 12h or 30d", placeholder: "DURATION" },
    keepBytes: { brief: "keep that much of it, the newest", placeholder: "SIZE" },
    dryRun: { brief: "only show what would go" },
    before: { brief: "only what was last used before that time, in milliseconds since the epoch", placeholder: "TIME" },
  },
  cli: { words: ["system", "prune"], composed: true },
  examples: [
    { command: "banger system prune --dry-run", does: "see what would go, and how much it takes" },
    { command: "banger system prune --images --kernels --older-than 30d --yes", does: "goods that were not used for a month, unasked" },
    { command: "banger system prune --keep-bytes 2G", does: "the oldest, until what is left takes at most 2 GiB" },
  ],
});
