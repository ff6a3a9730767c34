/** The addresses of every guest: each has a network of its own, so that all can be the same. Pure. */
import type { GuestAddress } from "../contract/link.ts";
import type { ResolverSettings } from "./resolv-conf.ts";

export const GUEST_IP = "10.0.2.15";
export const GUEST_PREFIX = 24;
export const GUEST_GATEWAY = "10.0.2.2";
/** QEMU's own resolver, in the mode `user` alone. */
const QEMU_DNS = "10.0.2.3";

/** passt takes segments of this size from the guest, which saves it most of the work. */
const PASST_MTU = 65_520;
const ETHERNET_MTU = 1500;

/** A locally administered address, the same for a vm at each start. */
export function macOf(vmId: string): string {
  const [a = "00", b = "00", c = "00"] = vmId.slice(0, 6).match(/../g) ?? [];
  return `52:54:00:${a}:${b}:${c}`;
}

export function passtAddress(vmId: string, { servers, search }: ResolverSettings): GuestAddress {
  return { ...common(vmId), dns: servers, search, mtu: PASST_MTU };
}

export function userAddress(vmId: string, { search }: ResolverSettings): GuestAddress {
  return { ...common(vmId), dns: [QEMU_DNS], search, mtu: ETHERNET_MTU };
}

function common(vmId: string): Pick<GuestAddress, "mac" | "address" | "gateway"> {
  return { mac: macOf(vmId), address: `${GUEST_IP}/${GUEST_PREFIX}`, gateway: GUEST_GATEWAY };
}
