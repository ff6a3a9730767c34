/** What is typed to `ip -batch -` and written to the kernel's settings inside the namespace. Pure. */
import type { Slot } from "./slots.ts";
import { GUEST_PREFIX } from "./slots.ts";

/** pasta takes segments of this size, which saves it most of the work; so do the guests. */
export const LARGE_MTU = 65_520;

/**
 * A TAP of which the owner may open the other end. The guest is at its address and nowhere else, whatever it says by ARP.
 * The rules about it are to be there before: when this ends it is up.
 */
export function addCards(slots: readonly Slot[]): string {
  return slots
    .flatMap(({ name, gateway, guest, mac }) => [
      // User 0 is who made the namespace.
      `tuntap add dev ${name} mode tap user 0`,
      `address add ${gateway}/${GUEST_PREFIX} dev ${name}`,
      `link set dev ${name} mtu ${LARGE_MTU} up`,
      `neighbour replace ${guest} lladdr ${mac} dev ${name} nud permanent`,
    ])
    .map((line) => `${line}\n`)
    .join("");
}

export function removeCards(slots: readonly Pick<Slot, "name">[]): string {
  return slots.map(({ name }) => `link delete dev ${name}\n`).join("");
}

/** Settings that are to be 1: it is a router; no card answers for another; no IPv6, where the kernel has it. */
export const SWITCHED_ON = {
  always: ["ipv4/ip_forward", "ipv4/conf/all/arp_ignore", "ipv4/conf/all/rp_filter"],
  ipv6: ["ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"],
} as const;

/** Settings that are to be 0: nobody is told of a better way, or tells one. */
export const SWITCHED_OFF = [
  ...["all", "default"].flatMap((which) =>
    ["accept_redirects", "send_redirects", "accept_source_route"].map((name) => `ipv4/conf/${which}/${name}`),
  ),
] as const;
