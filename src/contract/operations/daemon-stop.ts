import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** Ends the daemon; vms run on, and the next daemon finds them. Answered to clients of every version. */
export const daemonStop = defineOperation({
  name: "daemon.stop",
  kind: "change",
  summary: "Stop the daemon; vms run on",
  detail: "Running operations are cancelled. The next command starts a daemon again, and it finds the vms that run.",
  method: "POST",
  path: "/v1/daemon/stop",
  input: z.strictObject({}),
  output: z.strictObject({ pid: z.int() }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["daemon", "stop"], composed: true },
  examples: [{ command: "banger daemon stop", does: "for example after an upgrade" }],
});
