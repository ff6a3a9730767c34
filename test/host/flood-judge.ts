/**
 * Whether what arrived was granted when it passed. A packet passes at some moment after it was sent and before it was noted, and while grants
 * are being changed either of them holds. So it was granted when there is such a moment in which the one or the other let it. Pure.
 */
import type { Grants } from "../../src/network/rules.ts";
import { findSlot, UPLINK } from "../../src/network/slots.ts";
import { KINDS } from "./flood-frames.ts";
import { INTERNET_ADDRESS, WEB_PORT } from "./network-world.ts";

/** How long a guest had the same grants: times in milliseconds, from when it was asked for it to when it was told that it is over. */
export interface Period {
  readonly number: number;
  /** The guest's TAP. */
  readonly guest: string;
  readonly grants: Grants;
  readonly from: number;
  readonly until: number;
}

/** Packets of one kind, of one period, to one place: from `flood.pl`. 0 where it is not known when they were sent. */
export type Heard = readonly [
  place: string,
  protocol: string,
  to: string,
  port: number,
  kind: number,
  period: number,
  count: number,
  firstAt: number,
  lastAt: number,
  firstSent: number,
  lastSent: number,
];

/** How many packets were of what was granted, by what it is, and each packet that was not. */
export interface Verdict {
  readonly granted: Readonly<Record<string, number>>;
  readonly outside: readonly string[];
}

export function judge(heard: readonly Heard[], periods: readonly Period[]): Verdict {
  const granted: Record<string, number> = {};
  const outside: string[] = [];
  for (const each of heard) {
    const as = reasonOf(each, periods);
    if (as === undefined) outside.push(JSON.stringify([...each, periods.find(({ number }) => number === each[5])]));
    else granted[as] = (granted[as] ?? 0) + each[6];
  }
  return { granted, outside };
}

/** By what it was let pass; undefined when by nothing. */
function reasonOf(heard: Heard, periods: readonly Period[]): string | undefined {
  const [place, protocol, to, port, kind, number] = heard;
  if (KINDS[kind] === undefined) return isSteady(heard) ? "the steady guest" : undefined;
  const at = periods.findIndex((period) => period.number === number);
  const sent = periods[at];
  if (KINDS[kind] !== "own" || sent === undefined) return undefined;
  if (protocol === "pong") return sent.guest === place ? "answers" : undefined;
  // It sends with another tag once it has other grants. Until then, what it sends may meet those already.
  const next = periods.slice(at + 1).find(({ guest }) => guest === sent.guest);
  const own = [sent, ...(next === undefined ? [] : [next])];
  if (findSlot(place) === undefined) {
    const allowing = own.filter(({ grants }) => isGranted(place, protocol, to, port, grants));
    return isWithin(heard, allowing) ? nameOf(place, to) : undefined;
  }
  const theirs = periods.filter(({ guest }) => guest === place);
  const shared = own.flatMap((one) => theirs.flatMap((other) => (areInOne(one.grants, other.grants) ? [overlap(one, other)] : [])));
  return isWithin(heard, shared) ? "a network in common" : undefined;
}

/** What is sent without a tag by the guest that asks for a page and a name all the time. */
function isSteady([place, protocol, to, port]: Heard): boolean {
  return place === "lo"
    ? protocol === "udp" && to === "127.0.0.53" && port === 53
    : place === "in0" && protocol === "tcp" && to === INTERNET_ADDRESS && port === WEB_PORT;
}

/** @param place `in0` for the outside, `lo` for the host. */
function isGranted(place: string, protocol: string, to: string, port: number, { outward, hostPorts, lan }: Grants): boolean {
  if (!outward || !["tcp", "udp", "ping"].includes(protocol)) return false;
  if (place === "in0") return to === INTERNET_ADDRESS || lan.some((network) => contains(network, to));
  if (to === "127.0.0.53") return protocol === "udp" && port === 53;
  return to === "127.0.0.1" && protocol !== "ping" && hostPorts.includes(port);
}

/** Whether what passed the rules to this address by this card was granted at any time. */
export function wasEverGranted(guest: string, card: string, to: string, periods: readonly Period[]): boolean {
  const own = periods.filter((period) => period.guest === guest).map(({ grants }) => grants);
  if (card !== UPLINK.name) {
    const theirs = periods.filter((period) => period.guest === card).map(({ grants }) => grants);
    return findSlot(card)?.guest === to && own.some((one) => theirs.some((other) => areInOne(one, other)));
  }
  if (to === UPLINK.gateway) return own.some(({ outward, hostPorts }) => outward && hostPorts.length > 0);
  return own.some((grants) => (to === UPLINK.dns ? grants.outward : isGranted("in0", "tcp", to, 0, grants)));
}

function areInOne(one: Grants, other: Grants): boolean {
  return one.network !== null && one.network === other.network;
}

type Span = Pick<Period, "from" | "until">;

function overlap(one: Span, other: Span): Span {
  return { from: Math.max(one.from, other.from), until: Math.min(one.until, other.until) };
}

/** Whether each of these packets may have passed in one of these spans, or in such as follow each other without a gap. */
function isWithin([, , , , , , , firstAt, , , lastSent]: Heard, spans: readonly Span[]): boolean {
  const joined: Span[] = [];
  for (const span of spans.filter(({ from, until }) => from <= until).toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && span.from <= last.until) joined.splice(-1, 1, { from: last.from, until: Math.max(last.until, span.until) });
    else joined.push(span);
  }
  return joined.some(({ from, until }) => firstAt >= from && lastSent <= until);
}

function nameOf(place: string, to: string): string {
  if (place === "lo") return to === "127.0.0.1" ? "a port of the host" : "names";
  return to === INTERNET_ADDRESS ? "the internet" : "the local network";
}

function contains(network: string, address: string): boolean {
  const [base = "", prefix = ""] = network.split("/");
  const bitsOf = (text: string): string =>
    text
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  return bitsOf(address).startsWith(bitsOf(base).slice(0, Number(prefix)));
}
