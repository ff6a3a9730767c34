/** What a vm was granted, brought to a form that the kernel's sets take. Pure. */
import type { Grants } from "./rules.ts";

/** Each once, and no network that lies in another: elements of a set may not overlap. */
export function normalGrants({ hostPorts, lan, ...grants }: Grants): Grants {
  const networks = lan
    .map(parseNetwork)
    .filter((network, at, all) => !all.some((other, otherAt) => contains(other, network) && (!contains(network, other) || otherAt < at)));
  return { ...grants, hostPorts: [...new Set(hostPorts)], lan: networks.map(({ text }) => text) };
}

interface Network {
  readonly base: number;
  readonly prefix: number;
  readonly text: string;
}

/** `192.168.1.7/24` is `192.168.1.0/24`. */
function parseNetwork(given: string): Network {
  const [address = "", prefix = "32"] = given.split("/");
  const bits = Number(prefix);
  const number = address.split(".").reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
  const base = (number & maskOf(bits)) >>> 0;
  return { base, prefix: bits, text: `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 0xff).join(".")}/${bits}` };
}

function contains(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && (inner.base & maskOf(outer.prefix)) >>> 0 === outer.base;
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
}
