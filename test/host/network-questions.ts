/**
 * What guests that obey no rules send in the small internet of `network-world.ts`, each to all others and to everything around the host,
 * and which of it may be answered. Whoever answers is told from others by the port, of which each question has its own.
 */
import { UPLINK } from "../../src/network/slots.ts";
import * as frames from "./network-frames.ts";
import type { NetworkGuest } from "./network-guest.ts";
import {
  FORBIDDEN,
  HOST_ADDRESS,
  HOST_PORTS,
  HOST_PUBLIC_ADDRESS,
  INTERNET_ADDRESS,
  NEIGHBOUR_ADDRESS,
  SECRET_PORT,
  WEB_PORT,
} from "./network-world.ts";

export interface Party {
  readonly name: string;
  readonly guest: NetworkGuest;
  /** Ports of the host's loopback. */
  readonly hostPorts: readonly number[];
  /** Whether it may reach `NEIGHBOUR_ADDRESS`, and nobody else in the local network. */
  readonly lan: boolean;
}

export interface Question {
  readonly name: string;
  readonly from: Party;
  /** @param own the port, or number, that only this question has. */
  readonly frames: (own: number) => readonly Buffer[];
}

export interface Outcome {
  /** Of what is allowed: by question, `accepted` or `datagram` when it was answered. */
  readonly answers: Readonly<Record<string, string>>;
  /** Of what is not. */
  readonly refused: Readonly<Record<string, string>>;
  /** What a guest heard that is no answer to its own questions. */
  readonly strange: readonly string[];
}

const LISTEN_MS = 2500;
/** Emulated guests on a busy machine. */
const ANSWER_MS = 30_000;
const [FIRST_PORT, PORTS] = [20_000, 8_000];
/** Of the questions that are allowed, asked once more after all others. */
const [LATER, TWIN] = [2_000, 4_000];

/**
 * @param during runs what sends: all that is sent meanwhile may arrive at once.
 */
export async function askAll(
  parties: readonly Party[],
  during: (send: () => void) => Promise<void> = async (send) => send(),
): Promise<Outcome> {
  const allowed = parties.flatMap(allowedTo);
  const forbidden = parties.flatMap((party) => forbiddenTo(party, parties));
  const ask = async (questions: readonly Numbered[]): Promise<void> =>
    during(() => {
      for (const { own, question } of questions) question.from.guest.send(...question.frames(own));
    });
  const first = numbered(allowed, parties, 0);
  await ask(first);
  const isDone = ({ own, question }: Numbered): boolean => isAnswer(replyTo(question.from, own));
  for (const deadline = Date.now() + ANSWER_MS; !first.every(isDone) && Date.now() < deadline;) await Bun.sleep(20);
  const others = numbered(forbidden, parties, allowed.length);
  await ask(others);
  for (const party of parties) party.guest.send(...silentOf(party, parties));
  // Whoever is answered now has had what it asked before looked at as well.
  const last = numbered(allowed, parties, LATER);
  await ask(last);
  for (const deadline = Date.now() + ANSWER_MS; !last.every(isDone) && Date.now() < deadline;) await Bun.sleep(20);
  await Bun.sleep(LISTEN_MS);
  const told = (all: readonly Numbered[], note = ""): Record<string, string> =>
    Object.fromEntries(all.map(({ own, question }) => [`${question.name}${note}`, replyTo(question.from, own)?.kind ?? "silence"]));
  return {
    answers: { ...told(first), ...told(last, " once more") },
    refused: told(others),
    strange: parties.flatMap((party, index) => strangeTo(party, FIRST_PORT + index * PORTS)),
  };
}

interface Numbered {
  readonly own: number;
  readonly question: Question;
}

function numbered(questions: readonly Question[], parties: readonly Party[], from: number): readonly Numbered[] {
  const counts = new Map<Party, number>();
  return questions.map((question) => {
    const count = counts.get(question.from) ?? 0;
    counts.set(question.from, count + 1);
    return { question, own: FIRST_PORT + parties.indexOf(question.from) * PORTS + from + count };
  });
}

function replyTo({ guest }: Party, own: number): frames.Reply | undefined {
  return guest.heard.find((reply) => "port" in reply && reply.port === own);
}

function isAnswer(reply: frames.Reply | undefined): boolean {
  return reply !== undefined && (reply.kind === "accepted" || reply.kind === "datagram");
}

function strangeTo({ name, guest }: Party, first: number): readonly string[] {
  const isOwn = (reply: frames.Reply): boolean => "port" in reply && reply.port >= first && reply.port < first + PORTS;
  return guest.heard.filter((reply) => !isOwn(reply)).map((reply) => `${name}: ${JSON.stringify(reply)}`);
}

const tcp = (from: Party, address: string, port: number): Question => ({
  name: `${from.name}: tcp ${address}:${port}`,
  from,
  frames: (own) => [frames.synFrame(from.guest.self, address, port, own)],
});
const udp = (from: Party, address: string, port: number): Question => ({
  name: `${from.name}: udp ${address}:${port}`,
  from,
  frames: (own) => [frames.udpFrame(from.guest.self, address, port, own, frames.DNS_QUERY)],
});
const both = (from: Party, address: string, port: number): readonly Question[] => [tcp(from, address, port), udp(from, address, port)];

function allowedTo(party: Party): readonly Question[] {
  const { guest, hostPorts, lan } = party;
  const syn = (own: number, odds?: frames.IpOdds): Buffer => frames.synFrame(guest.self, INTERNET_ADDRESS, WEB_PORT, own, odds);
  return [
    // What pasta reads at once of one connection has kept it busy for ever, and with it everybody's way out.
    {
      name: `${party.name}: tcp three times at once`,
      from: party,
      frames: (own) => [syn(own + TWIN), syn(own + TWIN, { tcpFlags: frames.RST }), ...Array.from({ length: 3 }, () => syn(own))],
    },
    tcp(party, INTERNET_ADDRESS, WEB_PORT),
    udp(party, INTERNET_ADDRESS, 53),
    udp(party, UPLINK.dns, 53),
    ...hostPorts.flatMap((port) => both(party, guest.gateway, port)),
    ...(lan ? both(party, NEIGHBOUR_ADDRESS, SECRET_PORT) : []),
  ];
}

function forbiddenTo(party: Party, all: readonly Party[]): readonly Question[] {
  const { guest, hostPorts, lan } = party;
  const { self } = guest;
  const others = all.filter((one) => one !== party);
  /** Loopback, the host, the namespace's own, the other guests, and everything around the host. */
  const addresses = [
    ...["127.0.0.1", "127.1.2.3", "0.0.0.0", HOST_ADDRESS, HOST_PUBLIC_ADDRESS, "255.255.255.255", "224.0.0.251", "240.0.0.1"],
    ...[guest, ...others.map((other) => other.guest)].flatMap(({ gateway, address }) => [gateway, address]),
    ...[UPLINK.gateway, UPLINK.address, UPLINK.dns, "169.254.1.1", "192.168.77.255", "192.0.0.8", "192.88.99.1"],
    ...Object.values(FORBIDDEN).filter((address) => address !== NEIGHBOUR_ADDRESS),
  ];
  const odd = (name: string, make: (own: number) => readonly Buffer[]): Question => ({
    name: `${party.name}: ${name}`,
    from: party,
    frames: make,
  });
  const as = (who: string, sender: frames.Sender): readonly Question[] => [
    odd(`tcp as ${who}`, (own) => [frames.synFrame(sender, INTERNET_ADDRESS, WEB_PORT, own)]),
    odd(`udp as ${who}`, (own) => [frames.udpFrame(sender, INTERNET_ADDRESS, 53, own, frames.DNS_QUERY)]),
    odd(`a port of the host as ${who}`, (own) => [frames.synFrame(sender, guest.gateway, hostPorts[0] ?? SECRET_PORT, own)]),
  ];
  const asOther = ({ name, guest: other }: Party): readonly Question[] => [
    ...as(`the MAC of ${name}`, { ...self, mac: other.self.mac }),
    ...as(`the address of ${name}`, { ...self, address: other.address }),
    ...as(name, { ...other.self, via: self.via ?? "" }),
    odd(`ping ${name}`, (own) => [frames.pingFrame(self, other.address, own)]),
    // By its MAC, as if both were on one wire.
    odd(`tcp to ${name} by its MAC`, (own) => [frames.synFrame({ ...self, via: other.self.mac }, other.address, 22, own)]),
    odd(`udp to ${name} by everybody's MAC`, (own) => [
      frames.udpFrame({ mac: self.mac, address: self.address }, other.address, 53, own, frames.DNS_QUERY),
    ]),
    odd(`fragments to ${name}`, (own) => frames.fragmentedSyn(self, other.address, 22, own)),
  ];
  const withOptions = (hex: string) => (own: number) => [
    frames.synFrame(self, INTERNET_ADDRESS, WEB_PORT, own, { options: Buffer.from(hex, "hex") }),
  ];
  return [
    ...addresses.flatMap((address) => both(party, address, SECRET_PORT)),
    ...HOST_PORTS.filter((port) => !hostPorts.includes(port)).flatMap((port) => both(party, guest.gateway, port)),
    // What others were granted, by every way to it. By which of them a guest says "my host" where it was granted the port is all one.
    ...[...others.map((other) => other.guest.gateway), UPLINK.gateway, UPLINK.address, "127.0.0.1", HOST_ADDRESS].flatMap((address) =>
      HOST_PORTS.filter((port) => !hostPorts.includes(port)).map((port) => tcp(party, address, port)),
    ),
    ...(lan ? [] : both(party, NEIGHBOUR_ADDRESS, SECRET_PORT)),
    tcp(party, NEIGHBOUR_ADDRESS, SECRET_PORT + 1),
    tcp(party, "127.0.0.1", 53),
    ...others.flatMap(asOther),
    ...as("another MAC", { ...self, mac: "52:54:00:99:99:99" }),
    ...as("the host", { ...self, address: HOST_ADDRESS }),
    ...as("loopback", { ...self, address: "127.0.0.1" }),
    ...as("nobody", { ...self, address: "0.0.0.0" }),
    ...as("the uplink", { ...self, address: UPLINK.address }),
    ...as("its own gateway", { ...self, address: guest.gateway }),
    odd("ping the host", (own) => [frames.pingFrame(self, HOST_ADDRESS, own)]),
    odd("ping the metadata", (own) => [frames.pingFrame(self, FORBIDDEN.metadata, own)]),
    odd("fragments to a private address", (own) => frames.fragmentedSyn(self, FORBIDDEN.private10, SECRET_PORT, own)),
    odd("source routing", withOptions("830704ac14010100")),
    odd("record route", withOptions("0707040000000000")),
    ...[4, 41, 47, 50, 132].map((protocol) =>
      odd(`protocol ${protocol}`, (own) => [
        frames.tunnelled(self, INTERNET_ADDRESS, protocol, frames.synFrame(self, FORBIDDEN.private10, SECRET_PORT, own)),
      ]),
    ),
    odd("mDNS", (own) => [frames.udpFrame(self, "224.0.0.251", 5353, own, frames.DNS_QUERY)]),
    odd("DHCP", (own) => [frames.udpFrame({ ...self, address: "0.0.0.0" }, "255.255.255.255", 67, own, Buffer.alloc(240, 1))]),
  ];
}

/** Frames without ports: that nothing comes back, and nothing reaches others, is seen by what is heard. */
function silentOf({ guest: { self, gateway } }: Party, all: readonly Party[]): readonly Buffer[] {
  const others = all.map(({ guest }) => guest).filter((guest) => guest.self !== self);
  const toAll = "ff020000000000000000000000000001";
  const icmpv6 = (to: string, hex: string): Buffer => frames.ipv6Frame(self, to, 58, Buffer.from(hex, "hex"));
  return [
    ...[UPLINK.address, UPLINK.gateway, HOST_ADDRESS, "127.0.0.1"].map((of) => frames.arpFrame(self, "request", of)),
    ...others.flatMap((other) => [
      frames.arpFrame(self, "request", other.gateway),
      frames.arpFrame(self, "request", other.address),
      // To be taken for the other, by its gateway; and for a gateway, by the other.
      frames.arpFrame({ ...self, address: other.address }, "reply", other.gateway),
      frames.arpFrame({ ...self, address: other.gateway }, "reply", other.address),
    ]),
    frames.arpFrame({ ...self, address: UPLINK.gateway }, "reply", UPLINK.address),
    frames.arpFrame({ ...self, address: gateway }, "reply", gateway),
    // Neighbour and router solicitation, a neighbour's and a router's advertisement, a ping to all nodes, who listens to groups.
    icmpv6("ff0200000000000000000001ff000001", "87000000000000000000000000000000fe80000000000001"),
    icmpv6("ff020000000000000000000000000002", "8500000000000000"),
    icmpv6(toAll, "8800000020000000fe80000000000000000000000000000102015254000000fe"),
    icmpv6(toAll, "86000000400007080000000000000000"),
    icmpv6(toAll, "8000000000010001"),
    icmpv6(toAll, "8200000000000000" + "00".repeat(16)),
    // DHCPv6, and a segment to an IPv4 address as IPv6 writes it, and one inside of 6to4.
    frames.ipv6Frame(self, "ff020000000000000000000000010002", 17, Buffer.from("022202230010000001000001", "hex")),
    frames.ipv6Frame(self, "00000000000000000000ffff0a090909", 6, Buffer.alloc(20, 2)),
    frames.ipv6Frame(self, "20020a09090900000000000000000001", 6, Buffer.alloc(20, 2)),
    // IPv4 in IPv6.
    frames.ipv6Frame(self, toAll, 4, frames.synFrame(self, FORBIDDEN.private10, SECRET_PORT, 1).subarray(14)),
  ];
}
