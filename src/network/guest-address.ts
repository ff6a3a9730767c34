/** What a guest is told of its network. Pure. */
import type { GuestAddress } from "../contract/link.ts";
import { LARGE_MTU } from "./card-batches.ts";
import type { Grants } from "./rules.ts";
import { GUEST_PREFIX, UPLINK, type Slot } from "./slots.ts";

/** The addresses of QEMU's own network, the same for every guest: each has one of its own. */
const QEMU = { address: "10.0.2.15/24", gateway: "10.0.2.2", dns: "10.0.2.3" } as const;
const ETHERNET_MTU = 1500;

export function slotAddress({ mac, guest, gateway }: Slot, search: readonly string[], { outward }: Pick<Grants, "outward">): GuestAddress {
  const resolver = outward ? { dns: [UPLINK.dns], search } : { dns: [], search: [] };
  return { mac, address: `${guest}/${GUEST_PREFIX}`, gateway, ...resolver, mtu: LARGE_MTU };
}

export function userAddress(vmId: string, search: readonly string[]): GuestAddress {
  const { address, gateway, dns } = QEMU;
  return { mac: macOf(vmId), address, gateway, dns: [dns], search, mtu: ETHERNET_MTU };
}

/** A locally administered address, the same for a vm at each start. */
export function macOf(vmId: string): string {
  const [a = "00", b = "00", c = "00"] = vmId.slice(0, 6).match(/../g) ?? [];
  return `52:54:00:${a}:${b}:${c}`;
}
