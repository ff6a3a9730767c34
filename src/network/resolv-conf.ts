/** `/etc/resolv.conf` and its like -> what a guest can use of it. Pure. */

export interface ResolverSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
}

/** As glibc reads it: at most three servers, and the last `search` or `domain` wins. */
export function parseResolvConf(text: string): ResolverSettings {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/),
  );
  const servers = lines.flatMap(([word, address]) => (word === "nameserver" && address !== undefined ? [address] : [])).slice(0, 3);
  const search = lines.findLast(([word]) => word === "search" || word === "domain")?.slice(1) ?? [];
  return { servers, search: search.filter((domain) => /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(domain)).slice(0, 6) };
}

/**
 * The first of these settings that names a server which a guest can reach: IPv4, and not on the host's loopback, where a
 * stub of systemd-resolved or NetworkManager listens. Search domains are those of the first settings.
 * @param mainAddresses of the host: a guest that asks one of these for names asks nobody.
 */
export function chooseResolvers(all: readonly ResolverSettings[], mainAddresses: readonly string[]): ResolverSettings {
  const reachable = all.map(({ servers }) => servers.filter((address) => isReachable(address) && !mainAddresses.includes(address)));
  return { servers: reachable.find((servers) => servers.length > 0) ?? [], search: all[0]?.search ?? [] };
}

function isReachable(address: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && !address.startsWith("127.") && !address.startsWith("0.");
}
