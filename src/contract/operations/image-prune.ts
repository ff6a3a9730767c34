import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { pruneReport } from "../schemas/storage.ts";

/** Removes images that are of no use. */
export const imagePrune = defineOperation({
  name: "image.prune",
  kind: "long",
  summary: "Remove images that are broken, or that no vm uses",
  detail:
    "Without --all those alone that cannot be read any more and that no vm uses. With --all every image that no vm uses, but for the config's default_image; those that were imported or built here nobody else has. In either case, what steps of builds left too, which the next build of the same then does again. What goes is shown first, and asked for; without a terminal it takes --yes.",
  method: "POST",
  path: "/v1/images/prune",
  input: z.strictObject({
    all: z.boolean().default(false),
    dryRun: z.boolean().default(false),
    before: z.int().min(0).optional(),
  }),
  output: pruneReport,
  stages: ["look", "remove"],
  errors: [],
  fields: {
    all: { brief: "all that no vm uses, but for the config's default_image", alias: "a" },
    dryRun: { brief: "only show what would go" },
    before: { brief: "only what was last used before that time, in milliseconds since the epoch", placeholder: "TIME" },
  },
  cli: { words: ["image", "prune"], composed: true },
  examples: [
    { command: "banger image prune", does: "what is broken" },
    { command: "banger image prune --all --dry-run", does: "see what nothing uses, and how much it takes" },
  ],
});
