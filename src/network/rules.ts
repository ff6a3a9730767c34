/**
 * The rules of banger's network namespace, as text for `nft -f -`. Pure.
 *
 * There is one table, and as many rules with a thousand vms as with one: what belongs to a vm is an element of a set. Everything is
 * dropped that no rule lets pass. What a guest sends is looked at packet by packet, also when the connection was let
 * pass before: what is taken from a vm ends at once.
 */
import type { HostNetworks } from "./host-networks.ts";
import { SLOT_NETWORK, SLOTS, UPLINK, type Slot } from "./slots.ts";

/** What one vm may reach. */
export interface Grants {
  /** Ports of the host's loopback, at the guest's gateway. */
  readonly hostPorts: readonly number[];
  /** Networks, as `192.168.1.0/24`. */
  readonly lan: readonly string[];
  /** Whether it reaches the internet and what else is granted here; without, nothing but its named network. */
  readonly outward: boolean;
  /** The number of the named network whose vms it reaches, and which reach it; null for none. */
  readonly network: number | null;
}

/** A slot with what its vm may reach. */
export interface GrantedSlot {
  readonly slot: Slot;
  readonly grants: Grants;
}

/** The internet alone. A slot that is made ahead is so. */
export const NO_GRANTS: Grants = { hostPorts: [], lan: [], outward: true, network: null };

const TABLE = "inet banger";

/** Never, whatever is granted: loopback, this network, link-local with the clouds' metadata, multicast, and our own addresses. */
const NEVER = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", SLOT_NETWORK, "224.0.0.0/4", "240.0.0.0/4"];
/** Not without a grant: private networks, those of providers, and what is nobody's address on the internet. */
const DENIED = [
  ...["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  // 6to4 relays, whose packets carry IPv6 inside.
  "192.88.99.0/24",
];

/**
 * pasta that finds a TCP connection's first packet and another one of it in what it reads at once (0.0~git20230309 of Debian 12) has been
 * seen to be busy with them without end, and nobody has a way out then. So of a connection that nobody has answered one packet passes, and the
 * next after this: a guest's own second try comes after 1 second, its third after 3.
 */
const BEGUN_SECONDS = 2;
/** Some MiB of the kernel's. When all are taken, no connection begins until one is free. */
const BEGUN_MOST = 65_536;
/** What is everybody's has to be shared: of those that are begun a vm can have some four thousand, and of those that pasta holds so many. */
const BEGINS_A_SECOND = 1_000;
const BEGINS_AT_ONCE = 2_000;
const OPEN_MOST = 8_192;

/** The whole table anew, in one transaction: there is no moment without it, nor with half of it. */
export function tableText(host: HostNetworks, slots: readonly GrantedSlot[]): string {
  const { name: uplink, gateway, dns } = UPLINK;
  return `table ${TABLE} {}
delete table ${TABLE}
table ${TABLE} {
  set places { type ifname . ether_addr . ipv4_addr; }
  set host_ports { type ifname . inet_service; }
  set lan { type ifname . ipv4_addr; flags interval; }
  set never { type ipv4_addr; flags interval; auto-merge; elements = { ${NEVER.join(", ")} }; }
  set denied { type ipv4_addr; flags interval; auto-merge; elements = { ${DENIED.join(", ")} }; }
  set own { type ipv4_addr; }
  set kept_in { type ifname; }
  map networks { type ifname : mark; }
  set members { type ifname . mark; }
  set near { type ipv4_addr; flags interval; auto-merge; }
  set begun { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic,timeout; timeout ${BEGUN_SECONDS}s; size ${BEGUN_MOST}; }
  set pace { type ifname; flags dynamic; size ${SLOTS}; }
  set busy { type ifname; flags dynamic; size ${SLOTS}; }

  chain arriving {
    type filter hook prerouting priority raw; policy drop;
    iifname "${uplink}" accept
    ip hdrlength > 5 drop
    iifname . ether saddr . ip saddr @places accept
  }
  chain to_host {
    type nat hook prerouting priority dstnat; policy accept;
    meta nfproto ipv4 meta l4proto { tcp, udp } fib daddr type local iifname . th dport @host_ports dnat ip to ${gateway}
  }
  chain through {
    type filter hook forward priority filter; policy drop;
    meta nfproto != ipv4 drop
    ct state invalid drop
    iifname "${uplink}" ct state established,related accept
    iifname "${uplink}" drop
    meta mark set iifname map @networks
    oifname . meta mark @members accept
    oifname != "${uplink}" goto refused
    iifname @kept_in goto refused
    meta l4proto != { tcp, udp, icmp } drop
    ip daddr ${dns} udp dport 53 accept
    ip daddr ${gateway} meta l4proto { tcp, udp } iifname . th dport @host_ports goto to_uplink
    ip daddr @never goto refused
    ip daddr @own goto refused
    iifname . ip daddr @lan goto to_uplink
    ip daddr @denied goto refused
    ip daddr @near goto refused
    goto to_uplink
  }
  chain to_uplink {
    ct state established,related accept
    add @busy { iifname ct count over ${OPEN_MOST} } goto refused
    meta l4proto != tcp accept
    tcp flags & (fin | syn | rst | ack) != syn drop
    ip saddr . tcp sport . ip daddr . tcp dport @begun drop
    update @pace { iifname limit rate over ${BEGINS_A_SECOND}/second burst ${BEGINS_AT_ONCE} packets } drop
    add @begun { ip saddr . tcp sport . ip daddr . tcp dport } accept
    drop
  }
  chain inside {
    type filter hook input priority filter; policy drop;
    meta nfproto ipv4 iifname != "${uplink}" goto refused
  }
  chain from_inside {
    type filter hook output priority filter; policy drop;
    ip protocol icmp icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
    ct state established,related accept
  }
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${uplink}" masquerade
  }
  chain refused {
    meta l4proto tcp reject with tcp reset
    reject with icmp admin-prohibited
  }
}
${hostText(host)}${slots.map(({ slot, grants }) => slotText(slot) + grantText(slot, grants)).join("")}`;
}

/** What the host has now, instead of what it had. */
export function hostText({ own, near }: HostNetworks): string {
  return `flush set ${TABLE} own\nflush set ${TABLE} near\n${add("own", own)}${add("near", near)}`;
}

/** The slot's one place: its TAP, its MAC and its address belong together. */
export function slotText(slot: Slot): string {
  return add("places", [placeOf(slot)]);
}

export function grantText(slot: Slot, grants: Grants): string {
  return elementsOf(slot, grants)
    .map(([set, elements]) => add(set, elements))
    .join("");
}

export function withdrawText(slot: Slot, grants: Grants): string {
  return elementsOf(slot, grants)
    .map(([set, elements]) => remove(set, elements))
    .join("");
}

function elementsOf({ name }: Slot, { hostPorts, lan, outward, network }: Grants): readonly (readonly [string, readonly string[]])[] {
  return [
    ["host_ports", hostPorts.map((port) => `"${name}" . ${port}`)],
    ["lan", lan.map((each) => `"${name}" . ${each}`)],
    ["kept_in", outward ? [] : [`"${name}"`]],
    ["networks", network === null ? [] : [`"${name}" : ${network}`]],
    ["members", network === null ? [] : [`"${name}" . ${network}`]],
  ];
}

/** Slots that are taken down, and slots that are made. */
export function slotsText(made: readonly Slot[], retired: readonly GrantedSlot[]): string {
  return retired.map(({ slot, grants }) => removeText(slot, grants)).join("") + made.map(slotText).join("");
}

/** What a slot may reach, instead of what it might. */
export function changeText(slot: Slot, before: Grants, after: Grants): string {
  return withdrawText(slot, before) + grantText(slot, after);
}

/** Of a slot that is taken down. */
export function removeText(slot: Slot, grants: Grants): string {
  return remove("places", [placeOf(slot)]) + withdrawText(slot, grants);
}

function placeOf({ name, mac, guest }: Slot): string {
  return `"${name}" . ${mac} . ${guest}`;
}

function add(set: string, elements: readonly string[]): string {
  return elements.length === 0 ? "" : `add element ${TABLE} ${set} { ${elements.join(", ")} }\n`;
}

/** Of one that is not there the kernel refuses the removal, and with it the whole transaction; so it is added first. */
function remove(set: string, elements: readonly string[]): string {
  return elements.length === 0 ? "" : `${add(set, elements)}delete element ${TABLE} ${set} { ${elements.join(", ")} }\n`;
}
