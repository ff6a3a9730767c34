import { expect, test } from "bun:test";
import fc from "fast-check";
import { normalGrants } from "./link-grants.ts";
import { NO_GRANTS } from "./rules.ts";

const lan = (...networks: readonly string[]): readonly string[] => normalGrants({ ...NO_GRANTS, lan: networks }).lan;

test("a network is called by its first address", () => {
  expect(lan("192.168.1.7/24", "10.1.2.3/32", "255.255.255.255/8")).toEqual(["192.168.1.0/24", "10.1.2.3/32", "255.0.0.0/8"]);
});

test("what lies in another is left out, and so is what was said twice", () => {
  expect(lan("10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8", "10.2.3.4/32", "192.168.0.0/16")).toEqual(["10.0.0.0/8", "192.168.0.0/16"]);
  expect(normalGrants({ ...NO_GRANTS, hostPorts: [80, 22, 80] }).hostPorts).toEqual([80, 22]);
});

test("whatever is granted, no two overlap and none is lost", () => {
  const byte = fc.integer({ min: 0, max: 3 });
  const network = fc
    .tuple(byte, byte, byte, byte, fc.integer({ min: 8, max: 32 }))
    .map(([a, b, c, d, prefix]) => `${a}.${b}.${c}.${d}/${prefix}`);
  const range = (text: string): readonly [first: number, last: number] => {
    const [address = "", prefix = ""] = text.split("/");
    const size = 2 ** (32 - Number(prefix));
    const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const first = Math.floor(number / size) * size;
    return [first, first + size - 1];
  };
  fc.assert(
    fc.property(fc.array(network, { maxLength: 12 }), (given) => {
      const kept = lan(...given).map(range);
      for (const [first, last] of given.map(range)) expect(kept.some((one) => one[0] <= first && last <= one[1])).toBe(true);
      const sorted = kept.toSorted((one, other) => one[0] - other[0]);
      for (const [at, one] of sorted.entries()) expect(one[0]).toBeGreaterThan(sorted[at - 1]?.[1] ?? -1);
    }),
  );
});
