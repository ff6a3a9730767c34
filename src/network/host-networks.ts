/**
 * What is the host's own and its neighbours', as a guest must not reach it: from `/proc/net/route` and `/proc/net/fib_trie`. Pure.
 */

export interface HostNetworks {
  /** Every address of the host but its loopback's. */
  readonly own: readonly string[];
  /** The networks that it is in, as `192.168.1.0/24`. */
  readonly near: readonly string[];
}

/** A VPN that takes all traffic says so by networks of half the world: to be in these makes nobody a neighbour. */
const LEAST_PREFIX = 8;

export function parseHostNetworks(route: string, fibTrie: string): HostNetworks {
  const own = localAddresses(fibTrie).filter((address) => !address.startsWith("127."));
  const near = route.split("\n").flatMap((line) => {
    // Interface, destination, gateway, flags, count, use, metric, mask: addresses as hex digits, the last byte first.
    const [, destination = "", gateway = "", , , , , mask = ""] = line.trim().split(/\s+/);
    if (![destination, gateway, mask].every((word) => /^[0-9A-F]{8}$/.test(word)) || flip(gateway) !== 0) return [];
    const [network, bits] = [flip(destination), flip(mask)];
    const prefix = bits.toString(2).replaceAll("0", "").length;
    const isOurs = own.some((address) => (numberOf(address) & bits) >>> 0 === network);
    return prefix >= LEAST_PREFIX && isOurs ? [`${addressOf(network)}/${prefix}`] : [];
  });
  return { own: own.toSorted(), near: [...new Set(near)].toSorted() };
}

function localAddresses(fibTrie: string): readonly string[] {
  const found = [...fibTrie.matchAll(/\|-- (?<address>\d+\.\d+\.\d+\.\d+)\n\s*\/32 host LOCAL/g)];
  return [...new Set(found.flatMap(({ groups }) => groups?.["address"] ?? []))];
}

function flip(hex: string): number {
  return Number.parseInt((hex.match(/../g) ?? []).toReversed().join(""), 16);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}
