/**
 * The host's addresses towards its default route: pasta gives its namespace the same, and what a guest sends to them ends there.
 * From `/proc/net/route` and `/proc/net/fib_trie`. Pure.
 */

export function findMainAddresses(route: string, fibTrie: string): readonly string[] {
  const lines = route.split("\n").map((line) => line.trim().split(/\s+/));
  // Interface, destination, gateway, flags, count, use, metric, mask: addresses as hex digits, the last byte first.
  const routes = lines.flatMap(([device = "", destination = "", , , , , , mask = ""]) =>
    /^[0-9A-F]{8}$/.test(destination) && /^[0-9A-F]{8}$/.test(mask) ? [{ device, destination: flip(destination), mask: flip(mask) }] : [],
  );
  const device = routes.find(({ mask }) => mask === 0)?.device;
  const networks = routes.filter((each) => each.device === device && each.mask !== 0);
  return localAddresses(fibTrie).filter((address) =>
    networks.some(({ destination, mask }) => (numberOf(address) & mask) >>> 0 === destination),
  );
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
