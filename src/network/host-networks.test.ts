import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseHostNetworks } from "./host-networks.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const route = (device: string, destination: string, gateway: string, mask: string): string =>
  `${device}\t${destination}\t${gateway}\t0001\t0\t0\t0\t${mask}\t0\t0\t0\n`;
const leaf = (address: string, kind = "/32 host LOCAL"): string => `        |-- ${address}\n           ${kind}\n`;
const ROUTE = [
  HEAD,
  route("eth0", "00000000", "010200C0", "00000000"),
  route("eth0", "000200C0", "00000000", "00FFFFFF"),
  route("br0", "000010AC", "00000000", "0000FFFF"),
  // Behind a router, so no neighbours.
  route("eth0", "000000AC", "010200C0", "0000FFFF"),
  // Nobody of ours is in it.
  route("eth1", "0000A8C0", "00000000", "0000FFFF"),
].join("");
const TRIE = `Main:\n  +-- 0.0.0.0/0 3 0 5\n${leaf("127.0.0.1")}${leaf("192.0.2.2")}${leaf("192.0.2.255", "/32 link BROADCAST")}${leaf("172.16.0.1")}Local:\n${leaf("192.0.2.2")}${leaf("203.0.113.9")}`;

test("the host has its addresses but for loopback's, and is in the networks in which one of them is", () => {
  expect(parseHostNetworks(ROUTE, TRIE)).toEqual({
    own: ["172.16.0.1", "192.0.2.2", "203.0.113.9"],
    near: ["172.16.0.0/16", "192.0.2.0/24"],
  });
});

test("a VPN that takes half the world each makes no neighbours of it", () => {
  const all = HEAD + route("wg0", "00000000", "00000000", "00000080") + route("wg0", "00000080", "00000000", "00000080");
  expect(parseHostNetworks(all, TRIE).near).toEqual([]);
});

test("what cannot be read is nothing", () => {
  expect(parseHostNetworks("", "")).toEqual({ own: [], near: [] });
  fc.assert(fc.property(fc.string(), fc.string(), (text, trie) => expect(parseHostNetworks(text, trie).near).toEqual([])));
});
