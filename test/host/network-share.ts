/**
 * `network-share.ts HOME MODE`, run in a test's namespace: a bold guest begins connections and conversations as fast as it can, while a
 * meek one wants one of each. Prints as JSON how much the bold one has of what is everybody's, and what the meek one was answered.
 */
import { enterArguments, type NamespaceMode } from "../../src/network/namespace-arguments.ts";
import { NO_GRANTS } from "../../src/network/rules.ts";
import { openNetworkDaemon } from "./network-daemon.ts";
import * as frames from "./network-frames.ts";
import { openNetworkGuest, type NetworkGuest } from "./network-guest.ts";
import { INTERNET_ADDRESS, WEB_PORT } from "./network-world.ts";

/** More than one guest's part, of each. */
const MANY = 12_000;
const ANSWER_MS = 20_000;
const [home, mode] = process.argv.slice(2);
const signal = AbortSignal.timeout(120_000);
const { system, network } = await openNetworkDaemon(home, mode);
const open = (vmId: string) => network.openLink(vmId, { wanted: true, unsafe: false, grants: NO_GRANTS }, signal);
const links = [await open("0123456789aa"), await open("0123456789bb")] as const;
const inside = enterArguments(links[0].mode as NamespaceMode, network.findServants()[0]?.pid ?? 0);
const [bold, meek] = [await openNetworkGuest(links[0]), await openNetworkGuest(links[1])];

/** At any port when absent. */
async function isHeard(guest: NetworkGuest, kind: frames.Reply["kind"], port?: number): Promise<boolean> {
  for (const deadline = Date.now() + ANSWER_MS; Date.now() < deadline; await system.clock.sleep(5, signal)) {
    const found = guest.heard.filter((reply) => reply.kind === kind && "port" in reply && (port ?? reply.port) === reply.port);
    if (found.length > 0) return true;
  }
  return false;
}

/** Elements that the rules have in a set. */
async function countOf(set: string): Promise<number> {
  const words = [...inside, "nft", "-j", "list", "set", "inet", "banger", set];
  const { stdout } = await system.processes.run(words, { timeoutMs: 20_000 });
  const { nftables } = JSON.parse(stdout) as { nftables: readonly { set?: { elem?: readonly unknown[] } }[] };
  return nftables.flatMap((entry) => entry.set?.elem ?? []).length;
}

/** From another port each time; what `during` says, asked when half of all is sent. */
async function flood<T>(frame: (port: number) => Buffer, during: () => Promise<T>): Promise<T> {
  const all = Array.from({ length: MANY }, (_, index) => frame(20_000 + index));
  bold.send(...all.slice(0, MANY / 2));
  const asked = during();
  bold.send(...all.slice(MANY / 2));
  return asked;
}

const began = performance.now();
const connects = await flood(
  (port) => frames.synFrame(bold.self, INTERNET_ADDRESS, WEB_PORT + 1, port),
  async () => {
    meek.send(frames.synFrame(meek.self, INTERNET_ADDRESS, WEB_PORT, 10_001));
    return isHeard(meek, "accepted", 10_001);
  },
);
const begun = await countOf("begun");
const tookMs = performance.now() - began;
const converses = await flood(
  (port) => frames.udpFrame(bold.self, INTERNET_ADDRESS, 9, port, Buffer.alloc(8)),
  async () => {
    meek.send(frames.udpFrame(meek.self, INTERNET_ADDRESS, 53, 10_002, frames.DNS_QUERY));
    return isHeard(meek, "datagram", 10_002);
  },
);
// The kernel tells few of many that are refused, and not which.
const isToldSo = await isHeard(bold, "forbidden");
for (const guest of [bold, meek]) await guest[Symbol.asyncDispose]();
for (const link of links) await link[Symbol.asyncDispose]();
await network[Symbol.asyncDispose]();
console.log(JSON.stringify({ connects, begun, tookMs, converses, isToldSo }));
