/**
 * `network-probe.ts HOME MODE`, run in a test's namespace: opens two links as vms would, of which the first has grants, sends by it what
 * a hostile guest could send, and prints as JSON which of it was answered, and what the second guest heard.
 */
import { createConnection } from "node:net";
import { NO_GRANTS } from "../../src/network/rules.ts";
import { UPLINK } from "../../src/network/slots.ts";
import { openNetworkDaemon } from "./network-daemon.ts";
import * as frames from "./network-frames.ts";
import { openNetworkGuest } from "./network-guest.ts";
import {
  FORBIDDEN,
  GRANTED_PORT,
  HOST_ADDRESS,
  HOST_PUBLIC_ADDRESS,
  INTERNET_ADDRESS,
  NEIGHBOUR_ADDRESS,
  SECRET_PORT,
  WEB_PORT,
} from "./network-world.ts";

/** All that answer do so within some milliseconds. */
const LISTEN_MS = 2500;
const SEND_MS = 300;
const [home, mode] = process.argv.slice(2);
const signal = AbortSignal.timeout(60_000);

const { system, network } = await openNetworkDaemon(home, mode);
const open = (vmId: string, hostPorts: readonly number[], lan: readonly string[]) =>
  network.openLink(vmId, { wanted: true, unsafe: false, grants: { ...NO_GRANTS, hostPorts, lan } }, signal);
const links = [await open("0123456789aa", [GRANTED_PORT], [`${NEIGHBOUR_ADDRESS}/32`]), await open("0123456789bb", [], [])] as const;
const claims = network.listClaims();
const [bold, meek] = [await openNetworkGuest(links[0]), await openNetworkGuest(links[1])];
const { self } = bold;

interface Question {
  readonly name: string;
  readonly frames: (port: number) => readonly Buffer[];
  readonly from?: typeof bold;
}
const tcp = (address: string, port: number, from = bold): Question => ({
  name: `tcp ${address}:${port}`,
  from,
  frames: (own) => [frames.synFrame(from.self, address, port, own)],
});
const udp = (address: string, port: number, from = bold): Question => ({
  name: `udp ${address}:${port}`,
  from,
  frames: (own) => [frames.udpFrame(from.self, address, port, own, frames.DNS_QUERY)],
});
const as = (who: string, sender: frames.Sender): readonly Question[] => [
  { name: `tcp as ${who}`, frames: (own) => [frames.synFrame(sender, INTERNET_ADDRESS, WEB_PORT, own)] },
  { name: `udp as ${who}`, frames: (own) => [frames.udpFrame(sender, INTERNET_ADDRESS, 53, own, frames.DNS_QUERY)] },
  { name: `granted as ${who}`, frames: (own) => [frames.synFrame(sender, bold.gateway, GRANTED_PORT, own)] },
];
const syn = (own: number, odds?: frames.IpOdds): Buffer => frames.synFrame(self, INTERNET_ADDRESS, WEB_PORT, own, odds);
const odd = (name: string, make: (own: number) => readonly Buffer[]): Question => ({ name, frames: make });

const allowed: readonly Question[] = [
  // What pasta reads at once of one connection has kept it busy for ever, and with it everybody's way out.
  {
    ...tcp(INTERNET_ADDRESS, WEB_PORT),
    name: "tcp three times at once",
    frames: (own: number) => [syn(own + 5000), syn(own + 5000, { tcpFlags: frames.RST }), ...Array.from({ length: 3 }, () => syn(own))],
  },
  tcp(INTERNET_ADDRESS, WEB_PORT),
  tcp(INTERNET_ADDRESS, WEB_PORT, meek),
  udp(INTERNET_ADDRESS, 53),
  udp(UPLINK.dns, 53),
  udp(UPLINK.dns, 53, meek),
  tcp(bold.gateway, GRANTED_PORT),
  udp(bold.gateway, GRANTED_PORT),
  tcp(NEIGHBOUR_ADDRESS, SECRET_PORT),
  udp(NEIGHBOUR_ADDRESS, SECRET_PORT),
].map((question) => ({ ...question, name: `${question.name}${question.from === meek ? " by the second" : ""}` }));

/** Loopback, the host, the namespace's own, the other guest, and everything around the host. */
const hostile = [
  ...["127.0.0.1", "127.1.2.3", "0.0.0.0", HOST_ADDRESS, HOST_PUBLIC_ADDRESS, "255.255.255.255", "224.0.0.251", "240.0.0.1"],
  ...[bold.gateway, bold.address, meek.gateway, meek.address, UPLINK.gateway, UPLINK.address, UPLINK.dns],
  ...["169.254.1.1", "192.168.77.255", "192.0.0.8", "192.88.99.1"],
  ...Object.values(FORBIDDEN).filter((address) => address !== NEIGHBOUR_ADDRESS),
];
const forbidden: readonly Question[] = [
  ...hostile.flatMap((address) => [tcp(address, SECRET_PORT), udp(address, SECRET_PORT)]),
  // What the other was granted.
  ...[tcp(meek.gateway, GRANTED_PORT, meek), udp(UPLINK.gateway, GRANTED_PORT, meek), tcp(NEIGHBOUR_ADDRESS, SECRET_PORT, meek)],
  tcp("127.0.0.1", 53),
  ...as("another MAC", { ...self, mac: "52:54:00:99:99:99" }),
  ...as("the other's MAC", { ...self, mac: meek.self.mac }),
  ...as("the other's address", { ...self, address: meek.address }),
  ...as("the other", { ...meek.self, via: self.via ?? "" }),
  ...as("the host", { ...self, address: HOST_ADDRESS }),
  ...as("loopback", { ...self, address: "127.0.0.1" }),
  ...as("nobody", { ...self, address: "0.0.0.0" }),
  ...as("the uplink", { ...self, address: UPLINK.address }),
  odd("ping the other", (own) => [frames.pingFrame(self, meek.address, own)]),
  odd("ping the host", (own) => [frames.pingFrame(self, HOST_ADDRESS, own)]),
  odd("ping the metadata", (own) => [frames.pingFrame(self, FORBIDDEN.metadata, own)]),
  odd("fragments to a private address", (own) => frames.fragmentedSyn(self, FORBIDDEN.private10, SECRET_PORT, own)),
  odd("source routing", (own) => [
    frames.synFrame(self, INTERNET_ADDRESS, WEB_PORT, own, { options: Buffer.from("830704ac14010100", "hex") }),
  ]),
  odd("record route", (own) => [
    frames.synFrame(self, INTERNET_ADDRESS, WEB_PORT, own, { options: Buffer.from("0707040000000000", "hex") }),
  ]),
  ...[4, 41, 47, 50, 132].map((protocol) =>
    odd(`protocol ${protocol}`, (own) => [
      frames.tunnelled(self, INTERNET_ADDRESS, protocol, frames.synFrame(self, FORBIDDEN.private10, SECRET_PORT, own)),
    ]),
  ),
  odd("mDNS", (own) => [frames.udpFrame(self, "224.0.0.251", 5353, own, frames.DNS_QUERY)]),
  odd("DHCP", (own) => [frames.udpFrame({ ...self, address: "0.0.0.0" }, "255.255.255.255", 67, own, Buffer.alloc(240, 1))]),
];
/** Frames without ports: that nothing comes back, and nothing reaches the other, is seen by what is heard. */
const silent: readonly Buffer[] = [
  ...[meek.gateway, meek.address, UPLINK.address, UPLINK.gateway, HOST_ADDRESS, "127.0.0.1"].map((of) =>
    frames.arpFrame(self, "request", of),
  ),
  frames.arpFrame({ ...self, address: meek.address }, "reply", meek.gateway),
  frames.arpFrame({ ...self, address: UPLINK.gateway }, "reply", UPLINK.address),
  // Neighbour and router solicitation, a router's advertisement, and a ping to all nodes.
  frames.ipv6Frame(self, "ff0200000000000000000001ff000001", 58, Buffer.from("87000000000000000000000000000000fe80000000000001", "hex")),
  frames.ipv6Frame(self, "ff020000000000000000000000000002", 58, Buffer.from("8500000000000000", "hex")),
  frames.ipv6Frame(self, "ff020000000000000000000000000001", 58, Buffer.from("86000000400007080000000000000000", "hex")),
  frames.ipv6Frame(self, "ff020000000000000000000000000001", 58, Buffer.from("8000000000010001", "hex")),
  // To an IPv4 address as IPv6 writes it.
  frames.ipv6Frame(self, "00000000000000000000ffff0a090909", 6, Buffer.alloc(20, 2)),
];

const ask = async (questions: readonly Question[], firstPort: number): Promise<Readonly<Record<string, string>>> => {
  // pasta finds all of it at once, as after a moment in which the computer was busy.
  const [pasta] = network.findServants().slice(-1);
  process.kill(pasta?.pid ?? 0, "SIGSTOP");
  for (const [index, { frames: make, from = bold }] of questions.entries()) from.send(...make(firstPort + index));
  await system.clock.sleep(SEND_MS);
  process.kill(pasta?.pid ?? 0, "SIGCONT");
  await system.clock.sleep(LISTEN_MS);
  const answerOf = ({ from = bold }: Question, index: number): string =>
    from.heard.find((reply) => "port" in reply && reply.port === firstPort + index)?.kind ?? "silence";
  return Object.fromEntries(questions.map((question, index) => [question.name, answerOf(question, index)]));
};
const connects = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: address, port: SECRET_PORT, timeout: 5000 }, () => resolve(true));
    for (const event of ["error", "timeout"]) socket.once(event, () => resolve(false));
    socket.unref();
  });

const answers = await ask(allowed, 20_000);
const heardBefore = meek.heard.length;
const refused = await ask(forbidden, 30_000);
bold.send(...silent);
await system.clock.sleep(LISTEN_MS);
// Who must not be reached is there to be reached.
const there = await Promise.all(
  ["127.0.0.1", HOST_ADDRESS, HOST_PUBLIC_ADDRESS, ...Object.values(FORBIDDEN)].map(async (address) => [address, await connects(address)]),
);
const heard = {
  bold: bold.heard.filter((reply) => reply.kind === "arp" || reply.kind === "other"),
  // But for the refusals of what it asked itself.
  meek: meek.heard.slice(heardBefore).filter((reply) => !("port" in reply && forbidden[reply.port - 30_000]?.from === meek)),
};
for (const guest of [bold, meek]) await guest[Symbol.asyncDispose]();
const guests = links.map(({ guest }) => guest);
for (const link of links) await link[Symbol.asyncDispose]();
const after = network.listClaims();
await network[Symbol.asyncDispose]();
const remaining = network.findServants().length;
console.log(JSON.stringify({ modes: links.map((link) => link.mode), guests, claims, after, remaining, answers, refused, there, heard }));
