import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { doctorReport } from "../schemas/finding.ts";

/** Looks at everything that banger needs, with the daemon's eyes. */
export const systemDoctor = defineOperation({
  name: "system.doctor",
  kind: "long",
  summary: "Look at everything that banger needs, and say what to type",
  detail:
    "Each thing is fine, not used, or missing; exit code 1 when something is missing. The daemon that runs is asked, for its PATH and its groups decide; no daemon is started. Leftovers are what carries banger's names and nothing holds: listed, and removed only with --fix, which starts a daemon. With --deep the files of images and kernels are read whole.",
  method: "POST",
  path: "/v1/system/doctor",
  input: z.strictObject({ deep: z.boolean().default(false), fix: z.boolean().default(false) }),
  output: doctorReport,
  stages: ["probes", "goods", "leftovers"],
  errors: [],
  fields: {
    deep: { brief: "also read images and kernels whole, and compare their digests" },
    fix: { brief: "remove leftovers" },
  },
  cli: { words: ["doctor"], composed: true },
  examples: [
    { command: "banger doctor", does: "what is fine, what is missing, and what to type" },
    { command: "banger doctor --fix", does: "the same, and remove what was left behind" },
  ],
});
