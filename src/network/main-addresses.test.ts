import { expect, test } from "bun:test";
import fc from "fast-check";
import { findMainAddresses } from "./main-addresses.ts";

const ROUTE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
br0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`;
const leaf = (address: string, kind = "/32 host LOCAL"): string => `        |-- ${address}\n           ${kind}\n`;
const TRIE = `Main:\n  +-- 0.0.0.0/0 3 0 5\n${leaf("127.0.0.1")}${leaf("192.0.2.2")}${leaf("192.0.2.255", "/32 link BROADCAST")}${leaf("172.16.0.1")}Local:\n${leaf("192.0.2.2")}`;

test("are those of the interface that leads out, and no others", () => {
  expect(findMainAddresses(ROUTE, TRIE)).toEqual(["192.0.2.2"]);
});

test("are none without a way out, or when nothing can be read", () => {
  expect(findMainAddresses(ROUTE.split("\n").slice(2).join("\n"), TRIE)).toEqual([]);
  expect(findMainAddresses("", "")).toEqual([]);
  fc.assert(fc.property(fc.string(), fc.string(), (route, trie) => expect(findMainAddresses(route, trie)).toEqual([])));
});
