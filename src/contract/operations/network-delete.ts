import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** Removes a network in which no vm is. */
export const networkDelete = defineOperation({
  name: "network.delete",
  kind: "change",
  summary: "Delete a network that vms had in common",
  detail: "Refused while a vm is in it, whether it runs or not.",
  method: "DELETE",
  path: "/v1/networks/:network",
  // What may be asked for is more than what may be made.
  input: z.strictObject({ network: z.string().min(1).max(63) }),
  output: z.strictObject({ network: z.string() }),
  stages: [],
  errors: ["network_not_found", "network_in_use"],
  fields: { network: { brief: "name of the network", placeholder: "NAME", completes: "network" } },
  cli: { words: ["network", "delete"], aliases: [["network", "rm"]], positional: ["network"], repeat: "network" },
  examples: [{ command: "banger network delete shop", does: "when its vms are gone, or in another" }],
});
