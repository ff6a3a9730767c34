/** What of the host's network matters to the vms' at this moment. */
import type { System } from "../system/system.ts";
import { parseHostNetworks, type HostNetworks } from "./host-networks.ts";
import { parseResolvConf } from "./resolv-conf.ts";

/** Of a file that tells how this computer is connected; a router's table can be long. */
const MAX_BYTES = 4 * 2 ** 20;

export interface HostState {
  readonly networks: HostNetworks;
  /** Whom pasta asks for names; undefined when there is none of IPv4. */
  readonly server: string | undefined;
  readonly search: readonly string[];
}

export async function readHost(system: System): Promise<HostState> {
  const [route = "", fibTrie = "", resolvConf = ""] = await Promise.all(
    ["/proc/net/route", "/proc/net/fib_trie", "/etc/resolv.conf"].map((path) => readOr(system, path)),
  );
  return { networks: parseHostNetworks(route, fibTrie), ...parseResolvConf(resolvConf) };
}

/** Empty when it is not there. */
async function readOr({ files, log }: System, path: string): Promise<string> {
  try {
    return await files.readText(path, MAX_BYTES);
  } catch (error) {
    log.debug("a file about the network was left out", { path, reason: error instanceof Error ? error.message : String(error) });
    return "";
  }
}
