import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { network, networkName } from "../schemas/network.ts";

/** Makes a network for vms to have in common. */
export const networkCreate = defineOperation({
  name: "network.create",
  kind: "change",
  summary: "Create a network that vms have in common",
  detail:
    "Vms that are made or set with --network NAME reach each other by their names, and nobody else reaches them by it. A way out to the internet is another thing: --nat.",
  method: "POST",
  path: "/v1/networks",
  input: z.strictObject({ name: networkName }),
  output: network,
  stages: [],
  errors: ["network_exists"],
  fields: { name: { brief: "name of the network", placeholder: "NAME" } },
  cli: { words: ["network", "create"], positional: ["name"] },
  examples: [{ command: "banger network create shop", does: "then banger vm create db --network shop, and web beside it" }],
});
