import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** The config that the daemon works by: each key with its value and where that comes from. */
export const configShow = defineOperation({
  name: "config.show",
  kind: "query",
  summary: "Show the config that holds, and where each value comes from",
  detail: "The daemon reads the config when it starts. When the file was changed since, that is said.",
  method: "GET",
  path: "/v1/config",
  input: z.strictObject({}),
  output: z.strictObject({
    /** Of the file, whether or not there is one. */
    path: z.string(),
    exists: z.boolean(),
    /** Whether the file is another now than when the daemon started. */
    changedSince: z.boolean(),
    entries: z.array(
      z.strictObject({
        /** As in `docs/config.md`: `defaults.memory`. */
        key: z.string(),
        /** As it would be typed in the file; null for what is found out when it is wanted. */
        value: z.union([z.string(), z.array(z.string())]).nullable(),
        source: z.enum(["default", "file"]),
        /** Of the file, from 1; null for a default. */
        line: z.int().nullable(),
      }),
    ),
  }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["config", "show"] },
  examples: [
    { command: "banger config show", does: "each key, its value, and the line or the default that it comes from" },
    { command: "banger config show --json", does: "the same, for programs" },
  ],
});
