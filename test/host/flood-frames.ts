/**
 * What a guest floods with: each kind of packet to each place, as itself, as somebody else, and in every odd form. Each says of itself
 * whose and when it is, in its payload, or by TCP in its port: a period is a guest's while its grants stay the same.
 */
import { UPLINK, type Slot } from "../../src/network/slots.ts";
import * as frames from "./network-frames.ts";
import { FORBIDDEN, HOST_ADDRESS, HOST_PUBLIC_ADDRESS, INTERNET_ADDRESS, SECRET_PORT } from "./network-world.ts";

/**
 * - `own`: as itself; whether it may arrive is a matter of where to, and of grants.
 * - `stolen`: by TCP to a port that was granted to another guest, or to itself and not any more.
 * - `never`: as somebody else, or in a form that is let pass for nobody.
 */
export const KINDS = ["own", "stolen", "never"] as const;
type Kind = (typeof KINDS)[number];

/** The ports of a period `n`, which is less than 10,000, are these and `n`. */
const PORTS: Readonly<Record<Kind, number>> = { own: 20_000, stolen: 40_000, never: 50_000 };

/** The ports that a guest has when it is granted any: one that it uses, and one that others try to. */
export function hostPortsOf(period: number): readonly number[] {
  return [PORTS.own + period, PORTS.stolen + period];
}

/** A guest as it is seen by what sends for it. The MAC of its gateway is put in when the TAP is there. */
const VIA = `02:${Buffer.from("flood").toString("hex").match(/../g)?.join(":") ?? ""}`;
const MAGIC = "BGFLOOD!";
/** The time, and its complement, so that checksums need not be made anew. */
const STAMP = Buffer.from("0000000000000000ffffffffffffffff", "hex");

export interface Flood {
  readonly slot: Slot;
  readonly period: number;
  /** Other guests, also such as are not there yet or not any more. */
  readonly others: readonly Slot[];
  /** Periods whose ports are not ours. */
  readonly foreignPeriods: readonly number[];
}

/** The frames in the form in which `flood.pl` takes them. */
export function floodOrder({ slot, period, others, foreignPeriods }: Flood): Buffer {
  const { mac, guest: address, gateway, number } = slot;
  const self: frames.Sender = { mac, address, via: VIA };
  const from = 5000 + (number % 1000);
  const tag = (kind: Kind): Buffer => {
    const head = Buffer.concat([Buffer.from(MAGIC), Buffer.alloc(4)]);
    head.writeUInt8(KINDS.indexOf(kind), 8);
    head.writeUInt16BE(period, 10);
    return Buffer.concat([head, STAMP]);
  };
  const tcp = (to: string, kind: Kind, who = self, odds?: frames.IpOdds): Buffer =>
    frames.synFrame(who, to, PORTS[kind] + period, from, odds);
  const udp = (to: string, kind: Kind, who = self, odds?: frames.IpOdds): Buffer =>
    frames.udpFrame(who, to, PORTS.own + period, from, tag(kind), odds);
  const ping = (to: string, kind: Kind, who = self): Buffer => frames.pingFrame(who, to, from, tag(kind));
  const every = (to: string, kind: Kind, who = self): readonly Buffer[] => [tcp(to, kind, who), udp(to, kind, who), ping(to, kind, who)];

  // More than once, so that they are some part of the whole.
  const allowed = Array.from({ length: 4 }, () => [
    ...[INTERNET_ADDRESS, gateway, FORBIDDEN.neighbour, FORBIDDEN.private10].flatMap((to) => every(to, "own")),
    ...others.flatMap(({ guest }) => every(guest, "own")),
  ]).flat();
  const elsewhere = [
    ...["127.0.0.1", "127.0.0.53", "0.0.0.0", "255.255.255.255", "224.0.0.251", "240.0.0.1", HOST_ADDRESS, HOST_PUBLIC_ADDRESS],
    ...["169.254.1.1", "192.168.77.255", UPLINK.gateway, UPLINK.address, UPLINK.dns, address],
    ...others.map((other) => other.gateway),
    ...Object.values(FORBIDDEN),
  ].flatMap((to) => every(to, "own"));
  const services = ["127.0.0.1", HOST_ADDRESS, HOST_PUBLIC_ADDRESS, gateway, FORBIDDEN.metadata].flatMap((to) =>
    [22, 53, SECRET_PORT].flatMap((port) => [frames.synFrame(self, to, port, from), frames.udpFrame(self, to, port, from, tag("own"))]),
  );
  const stolen = foreignPeriods.flatMap((other) =>
    [gateway, UPLINK.gateway].flatMap((to) => [
      frames.synFrame(self, to, PORTS.stolen + other, from),
      frames.udpFrame(self, to, PORTS.stolen + other, from, tag("own")),
    ]),
  );
  const spoofed = [
    ...others.flatMap((other) => [
      { ...self, mac: other.mac },
      { ...self, address: other.guest },
      { mac: other.mac, address: other.guest, via: VIA },
    ]),
    { ...self, mac: "52:54:00:99:99:99" },
    ...["127.0.0.1", "0.0.0.0", HOST_ADDRESS, UPLINK.address, UPLINK.gateway, INTERNET_ADDRESS].map((as) => ({ ...self, address: as })),
  ].flatMap((who) => [
    ...every(INTERNET_ADDRESS, "never", who),
    ...every(FORBIDDEN.neighbour, "never", who),
    udp(gateway, "never", who),
    frames.udpFrame(who, UPLINK.dns, 53, from, tag("never")),
  ]);
  const odd = [
    udp(INTERNET_ADDRESS, "never", self, { options: Buffer.from("830704ac14010100", "hex") }),
    tcp(INTERNET_ADDRESS, "never", self, { options: Buffer.from("0707040000000000", "hex") }),
    ...frames.fragmentedSyn(self, FORBIDDEN.private172, PORTS.never + period, from),
    ...[4, 41, 47, 50, 132].map((protocol) => frames.tunnelled(self, INTERNET_ADDRESS, protocol, tcp(FORBIDDEN.private172, "never"))),
    frames.udpFrame(self, "224.0.0.251", 5353, from, tag("never")),
    frames.udpFrame({ ...self, address: "0.0.0.0" }, "255.255.255.255", 67, from, tag("never")),
    frames.arpFrame(self, "request", UPLINK.gateway),
    ...others.map(({ guest }) => frames.arpFrame({ ...self, address: guest }, "reply", gateway)),
    frames.ipv6Frame(self, "ff020000000000000000000000000001", 58, Buffer.from("86000000400007080000000000000000", "hex")),
    frames.ipv6Frame(self, "00000000000000000000ffff0a090909", 6, Buffer.alloc(20, 2)),
  ];
  const names = [frames.udpFrame(self, UPLINK.dns, 53, from, tag("own"))];
  return Buffer.concat([...mixed([allowed, elsewhere, services, stolen, spoofed, odd, names])].flatMap(written));
}

/** One of each in turn, as long as there are any: no burst is of one kind. */
function* mixed(groups: readonly (readonly Buffer[])[]): Generator<Buffer> {
  const longest = Math.max(...groups.map(({ length }) => length));
  for (let at = 0; at < longest; at += 1)
    for (const group of groups) {
      const frame = group[at];
      if (frame !== undefined) yield frame;
    }
}

function written(frame: Buffer): readonly Buffer[] {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(frame.length);
  head.writeUInt16BE(frame.subarray(-STAMP.length).equals(STAMP) ? frame.length - STAMP.length : 0, 4);
  return [head, frame];
}
