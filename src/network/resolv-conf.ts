/** `/etc/resolv.conf` -> what a guest can use of it. Pure. */

export interface ResolverSettings {
  /** Whom pasta asks for the guests: the first server of IPv4, which may be a stub on the host's loopback. */
  readonly server: string | undefined;
  readonly search: readonly string[];
}

/** As glibc reads it: the last `search` or `domain` wins. */
export function parseResolvConf(text: string): ResolverSettings {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/),
  );
  const server = lines.flatMap(([word, address]) => (word === "nameserver" && isIPv4(address) ? [address] : []))[0];
  const search = lines.findLast(([word]) => word === "search" || word === "domain")?.slice(1) ?? [];
  return { server, search: search.filter((domain) => /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(domain)).slice(0, 6) };
}

function isIPv4(address: string | undefined): address is string {
  return address !== undefined && /^\d{1,3}(\.\d{1,3}){3}$/.test(address);
}
