/**
 * What the rules, cards and words of the vms' network are for many inputs, as the daemon has them. The network helper, which is a program
 * of its own, says the same in another language: its tests read this file, so that the two cannot part.
 */
import fc from "fast-check";
import { addCards, removeCards, SWITCHED_OFF, SWITCHED_ON } from "../src/network/card-batches.ts";
import { UPLINK_WORDS } from "../src/network/namespace-arguments.ts";
import { changeText, hostText, NO_GRANTS, slotsText, tableText, type Grants } from "../src/network/rules.ts";
import { SLOTS, slotOf } from "../src/network/slots.ts";

export const RENDERS_PATH = "nethelper/tests/renders.json";

const SAMPLES = 25;
/** A table is long. */
const TABLES = 5;
const byte = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join("."));
const network = fc.tuple(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 })).map(([number, prefix]) => {
  const base = prefix === 0 ? 0 : (number & (0xffff_ffff << (32 - prefix))) >>> 0;
  return `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 0xff).join(".")}/${prefix}`;
});
const few = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(each, { maxLength: 3 });
const slot = fc.integer({ min: 0, max: SLOTS - 1 });
const grants: fc.Arbitrary<Grants> = fc.record({
  hostPorts: few(fc.integer({ min: 1, max: 65_535 })),
  lan: few(network),
  outward: fc.boolean(),
  network: fc.option(fc.integer({ min: 1, max: 0xffff_ffff })),
});
const granted = few(fc.record({ slot, grants }));
const host = fc.record({ own: few(address), near: few(network), server: fc.option(address) });

const sample = <T>(each: fc.Arbitrary<T>, seed: number, numRuns = SAMPLES): readonly T[] => fc.sample(each, { seed, numRuns });
const withSlots = (all: readonly { readonly slot: number; readonly grants: Grants }[]) =>
  all.map((one) => ({ slot: slotOf(one.slot), grants: one.grants }));

export function rendersText(): string {
  const edges = [0, 1, 63, 64, SLOTS - 1];
  const renders = {
    tables: sample(fc.record({ host, slots: granted }), 1, TABLES).map((given) => ({
      ...given,
      text: tableText(given.host, withSlots(given.slots)),
    })),
    hosts: sample(host, 2).map((given) => ({ host: given, text: hostText(given) })),
    slots: sample(fc.record({ make: few(slot), retire: granted }), 3).map((given) => ({
      ...given,
      text: slotsText(given.make.map(slotOf), withSlots(given.retire)),
    })),
    changes: sample(fc.record({ slot, before: fc.oneof(grants, fc.constant(NO_GRANTS)), after: grants }), 4).map((given) => ({
      ...given,
      text: changeText(slotOf(given.slot), given.before, given.after),
    })),
    cards: [edges, ...sample(few(slot), 5)].map((slots) => ({
      slots,
      added: addCards(slots.map(slotOf)),
      removed: removeCards(slots.map(slotOf)),
    })),
    settings: { on: SWITCHED_ON.always, onIpv6: SWITCHED_ON.ipv6, off: SWITCHED_OFF },
    uplink: UPLINK_WORDS,
  };
  return `${JSON.stringify(renders, undefined, 1)}\n`;
}
