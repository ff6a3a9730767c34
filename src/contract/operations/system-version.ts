import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { ACCELERATIONS } from "../schemas/vm.ts";

/** What the daemon works with: its guest agent, its drivers, and the agents that run. */
export const systemVersion = defineOperation({
  name: "system.version",
  kind: "query",
  summary: "Show the version of banger, and with --all of everything that is part of it",
  detail: "Starts no daemon. A vm keeps the agent that it was started with.",
  method: "GET",
  path: "/v1/system/version",
  input: z.strictObject({}),
  output: z.strictObject({
    /** Of the guest agent that vms are started with. */
    agent: z.string(),
    drivers: z.array(
      z.strictObject({
        name: z.string(),
        /** Null when it cannot be used; `reason` says why. */
        version: z.string().nullable(),
        acceleration: z.enum(ACCELERATIONS),
        reason: z.string(),
      }),
    ),
    /** Those that run. `agent` is what the guest says; null when it does not answer. */
    vms: z.array(z.strictObject({ name: z.string(), agent: z.string().nullable() })),
  }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["version"], composed: true },
  examples: [
    { command: "banger version", does: "the same as banger --version" },
    { command: "banger version --all", does: "daemon, guest agent, drivers, and the agents of vms that run" },
  ],
});
