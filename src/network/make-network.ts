/** The room's factory. */
import { basename } from "node:path";
import type { System } from "../system/system.ts";
import { macOf, passtAddress, userAddress } from "./guest-address.ts";
import { findMainAddresses } from "./main-addresses.ts";
import type { Link, LinkProcess, Network } from "./network.ts";
import { networkProbes } from "./network-probes.ts";
import { openPasst } from "./open-passt.ts";
import { vmIdOf } from "./passt-arguments.ts";
import { removeLink } from "./remove-link.ts";
import { chooseResolvers, parseResolvConf, type ResolverSettings } from "./resolv-conf.ts";

/** The second and third are where systemd-resolved and NetworkManager keep the real servers behind their stubs. */
const RESOLV_CONFS = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf"];
const ROUTES = ["/proc/net/route", "/proc/net/fib_trie"];
const PROGRAMS = ["passt", "pasta"];

/** pasta makes the card of the namespace that passt runs in. */
const TUN = "/dev/net/tun";

/** Of a file that tells how this computer is connected; a router's table can be long. */
const CONFIG_MAX_BYTES = 4 * 2 ** 20;

const USER_EXPOSES =
  "so QEMU's own network is used: it is slower, and the guest reaches what listens on this computer's loopback (127.0.0.1) at 10.0.2.2. To close that:";
const NO_DNS_NOTICE =
  "no DNS server is known that a guest could reach: /etc/resolv.conf names none but this computer itself. Names will not resolve in the vm until another server is named there; addresses work.";

export interface NetworkDependencies {
  readonly system: System;
}

export function makeNetwork({ system }: NetworkDependencies): Network {
  const findObstacle = (): Obstacle | undefined => {
    const missing = PROGRAMS.filter((program) => system.processes.which(program) === undefined);
    if (missing.length > 0)
      return { why: `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not installed`, hint: "sudo apt install passt" };
    if (!system.files.mayUse(TUN)) return { why: `you may not use ${TUN}`, hint: `sudo chmod 0666 ${TUN}` };
    return undefined;
  };
  const findProcesses = (): readonly LinkProcess[] =>
    system.processes.findByArgument("-passt.log").flatMap(({ argv, ...identity }) => {
      const vmId = vmIdOf(argv);
      return vmId === undefined ? [] : [{ vmId, identity, program: basename(argv[0] ?? "") }];
    });
  return {
    probes: () => networkProbes(system, PROGRAMS, TUN),
    openLink: async (vmId, { wanted }, runFolder, logPath, signal) => {
      signal.throwIfAborted();
      if (!wanted) return none();
      const resolvers = await readResolvers(system);
      const obstacle = findObstacle();
      if (obstacle !== undefined) {
        return {
          ...none(),
          mode: "user",
          end: { kind: "user", mac: macOf(vmId) },
          guest: userAddress(vmId, resolvers),
          notice: `${obstacle.why}, ${USER_EXPOSES} ${obstacle.hint}`,
        };
      }
      const release = (): Promise<void> => removeLink(system, vmId);
      try {
        const socketPath = await openPasst(system, vmId, runFolder, logPath, signal);
        return {
          mode: "passt",
          end: { kind: "stream-socket", path: socketPath, mac: macOf(vmId) },
          guest: passtAddress(vmId, resolvers),
          notice: resolvers.servers.length === 0 ? NO_DNS_NOTICE : undefined,
          [Symbol.asyncDispose]: release,
        };
      } catch (error) {
        await release();
        throw error;
      }
    },
    removeLink: (vmId) => removeLink(system, vmId),
    watchLink: async (vmId, signal) => {
      const own = findProcesses().filter((process) => process.vmId === vmId);
      if (!PROGRAMS.every((wanted) => own.some(({ program }) => program.startsWith(wanted)))) return;
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const ends = own.map(({ identity }) => system.processes.watchEnd(identity, either));
      try {
        await Promise.race(ends);
      } finally {
        over.abort();
        await Promise.allSettled(ends);
      }
    },
    findProcesses,
    traffic: async (all) => {
      // passt is in the namespace whose card leads out; pasta, which made it, is outside.
      const passt = all.find(({ program }) => program.startsWith("passt"));
      return passt === undefined ? undefined : system.processes.networkUsage(passt.identity);
    },
    findStrays: () => [...new Set(findProcesses().map(({ vmId }) => vmId))],
  };
}

/** What keeps passt from being used. */
interface Obstacle {
  readonly why: string;
  readonly hint: string;
}

async function readResolvers(system: System): Promise<ResolverSettings> {
  const texts = await Promise.all(RESOLV_CONFS.map((path) => readOr(system, path)));
  const [route = "", fibTrie = ""] = await Promise.all(ROUTES.map((path) => readOr(system, path)));
  return chooseResolvers(texts.map(parseResolvConf), findMainAddresses(route, fibTrie));
}

/** Empty when it is not there. */
async function readOr(system: System, path: string): Promise<string> {
  try {
    return await system.files.readText(path, CONFIG_MAX_BYTES);
  } catch (error) {
    system.log.debug("a file about the network was left out", { path, reason: error instanceof Error ? error.message : String(error) });
    return "";
  }
}

function none(): Link {
  return {
    mode: "none",
    end: { kind: "none" },
    guest: undefined,
    notice: undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
