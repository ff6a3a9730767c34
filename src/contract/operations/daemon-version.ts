import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** Which daemon this is. Answered to clients of every version. */
export const daemonVersion = defineOperation({
  name: "daemon.version",
  kind: "query",
  summary: "Show which daemon runs",
  method: "GET",
  path: "/v1/version",
  input: z.strictObject({}),
  output: z.strictObject({ version: z.string(), pid: z.int(), startedAt: z.number() }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["daemon", "status"], composed: true },
  examples: [{ command: "banger daemon status", does: "whether a daemon runs, and which" }],
});
