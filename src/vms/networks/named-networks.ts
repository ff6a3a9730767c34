/** Networks that vms have in common: made, listed, and deleted when no vm is in them. Which vm is in which, the plans say. */
import { BangerError } from "../../contract/errors.ts";
import type { Network } from "../../contract/schemas/network.ts";
import type { VmDependencies } from "../dependencies.ts";
import type { NetworkRow } from "./network-rows.ts";

export interface NamedNetworks {
  /** Throws `exists` `network_exists`. */
  create(name: string): Network;
  /** By name. */
  list(): readonly Network[];
  /** Throws `not_found` `network_not_found`, `refused` `network_in_use`. */
  delete(name: string): void;
}

/** @param usersOf names of the vms whose plan says that they are in it. */
export function makeNamedNetworks(
  usersOf: (name: string) => readonly string[],
  { system: { clock }, networks }: Pick<VmDependencies, "system" | "networks">,
): NamedNetworks {
  const describe = ({ name, createdAt }: NetworkRow): Network => ({ name, createdAt, vms: [...usersOf(name)].toSorted() });
  return {
    create: (name) => describe(networks.insert(name, clock.nowMs())),
    list: () => networks.list().map(describe),
    delete: (name) => {
      const [user, ...others] = describe(networks.get(name)).vms;
      if (user !== undefined) {
        const who = others.length === 0 ? `vm ${user} is` : `vm ${user} and ${others.length} more are`;
        throw new BangerError("refused", "network_in_use", `cannot delete network ${name}: ${who} in it`, {
          hint: `banger vm set ${user} --network none`,
        });
      }
      networks.remove(name);
    },
  };
}
