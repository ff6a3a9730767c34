import { expect, test } from "bun:test";
import fc from "fast-check";
import { findSlot, SLOTS, slotOf, UPLINK } from "./slots.ts";

const anyNumber = fc.integer({ min: 0, max: SLOTS - 1 });

test("slots have no address, MAC or name in common, and none is the uplink's", () => {
  const slots = Array.from({ length: SLOTS }, (_, number) => slotOf(number));
  expect(new Set(slots.map(({ name }) => name)).size).toBe(SLOTS);
  expect(new Set(slots.map(({ mac }) => mac)).size).toBe(SLOTS);
  expect(new Set(slots.flatMap(({ guest, gateway }) => [guest, gateway])).size).toBe(2 * SLOTS);
  expect(slots.filter(({ guest }) => guest.startsWith("198.19.255."))).toEqual([]);
  for (const address of [UPLINK.address, UPLINK.gateway, UPLINK.dns]) expect(address).toStartWith("198.19.255.");
});

test("a slot's addresses are the two that a host may have in its network of four", () => {
  fc.assert(
    fc.property(anyNumber, (number) => {
      const { guest, gateway, mac } = slotOf(number);
      const [last, before] = [guest, gateway].map((address) => Number(address.split(".")[3]));
      expect([(last ?? 0) % 4, (before ?? 0) % 4]).toEqual([2, 1]);
      expect(guest.replace(/\d+$/, "")).toBe(gateway.replace(/\d+$/, ""));
      // Of one card, and not one that a vendor gave.
      expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
    }),
  );
});

test("a slot is found by the name of its TAP, which fits the kernel, and other cards are none", () => {
  fc.assert(
    fc.property(anyNumber, (number) => {
      const slot = slotOf(number);
      expect(slot.name.length).toBeLessThan(16);
      expect(findSlot(slot.name)).toEqual(slot);
    }),
  );
  for (const name of ["lo", "up0", "bg", "bg01", "bg-1", "bg1x", "xbg1", `bg${SLOTS}`, "bg1 "]) expect(findSlot(name)).toBeUndefined();
});
