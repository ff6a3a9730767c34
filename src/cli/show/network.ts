import type { Output } from "../../sdk/sdk.ts";
import { formatAge } from "../format.ts";
import { table } from "../table.ts";

/** `banger network list` */
export function showNetworks({ networks }: Output<"network.list">): Promise<string> {
  return table(
    ["NETWORK", "CREATED", "VMS"],
    networks.map(({ name, createdAt, vms }) => [name, `${formatAge(createdAt)} ago`, vms.length === 0 ? "-" : vms.join(", ")]),
  );
}
