import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { network } from "../schemas/network.ts";

/** All networks that vms can have in common, by name. */
export const networkList = defineOperation({
  name: "network.list",
  kind: "query",
  summary: "List the networks that vms have in common",
  method: "GET",
  path: "/v1/networks",
  input: z.strictObject({}),
  output: z.strictObject({ networks: z.array(network) }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["network", "list"], aliases: [["network", "ls"]], quiet: { list: "networks", field: "name" } },
  examples: [{ command: "banger network list", does: "networks, with the vms in each" }],
});
