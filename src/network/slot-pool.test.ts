import { expect, test } from "bun:test";
import type { Claim } from "./claims.ts";
import { NO_GRANTS } from "./rules.ts";
import { SlotPool, type SlotTools } from "./slot-pool.ts";
import { SLOTS, slotOf, type Slot } from "./slots.ts";

/** A pool over a namespace in memory, of which each step can be made to fail. */
function makeWorld(kept: readonly Claim[] = []) {
  const cards = new Set(kept.map(({ slot }) => slot.name));
  const written = new Map<string, string>(kept.map(({ slot, vmId }) => [slot.name, vmId]));
  const places = new Set(kept.map(({ slot }) => slot.name));
  const seen: string[] = [];
  const failing = { rules: false, addCards: false };
  const tools: SlotTools = {
    rules: async (text) => {
      if (failing.rules) throw new Error("no rules");
      for (const [, verb = "", name = ""] of text.matchAll(/^(add|delete) element inet banger places \{ "(bg\d+)"/gm))
        places[verb === "add" ? "add" : "delete"](name);
      seen.push("rules");
    },
    addCards: async (slots) => {
      if (failing.addCards) throw new Error("no cards");
      for (const { name } of slots) cards.add(name);
      seen.push("cards");
    },
    removeCards: async (slots) => {
      for (const { name } of slots) cards.delete(name);
    },
    claims: {
      write: async ({ slot, vmId }) => void written.set(slot.name, vmId),
      drop: async (slot: Slot) => void written.delete(slot.name),
      readAll: async () => [],
    },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  };
  return { pool: new SlotPool(tools, kept), cards, written, places, seen, failing };
}

test("a second claim finds a slot that was made ahead, and waits for nothing in the namespace", async () => {
  const { pool, seen, written } = makeWorld();
  await pool.claim("aa", NO_GRANTS);
  await pool.settled();
  const before = seen.length;
  const slot = await pool.claim("bb", NO_GRANTS);
  expect(seen).toHaveLength(before);
  expect(written.get(slot.name)).toBe("bb");
});

test("what is given back is taken down, and its number comes again last", async () => {
  const { pool, cards, places, written } = makeWorld();
  const seen = new Set<number>();
  for (let count = 0; count < 200; count += 1) {
    const slot = await pool.claim("aa", NO_GRANTS);
    expect(seen.has(slot.number)).toBe(false);
    seen.add(slot.number);
    await pool.release("aa");
    await pool.settled();
    expect(cards.has(slot.name)).toBe(false);
    expect(places.has(slot.name)).toBe(false);
  }
  expect(written.size).toBe(0);
  expect(cards.size).toBeLessThanOrEqual(4);
});

test("numbers begin again at the end, past those that are in use", async () => {
  const { pool } = makeWorld([
    { slot: slotOf(SLOTS - 1), vmId: "aa", grants: NO_GRANTS },
    { slot: slotOf(0), vmId: "bb", grants: NO_GRANTS },
  ]);
  expect((await pool.claim("cc", NO_GRANTS)).number).toBe(1);
  expect(pool.vmIds).toEqual(["aa", "bb", "cc"]);
});

test("what failed is done the next time, and claims nothing", async () => {
  for (const what of ["rules", "addCards"] as const) {
    const { pool, failing, cards, places, written } = makeWorld();
    failing[what] = true;
    const failure = await pool.claim("aa", NO_GRANTS).catch((error: unknown) => String(error));
    expect(failure).toMatch(/no (?:rules|cards)/);
    expect([pool.vmIds, written.size]).toEqual([[], 0]);
    failing[what] = false;
    const slot = await pool.claim("aa", NO_GRANTS);
    await pool.settled();
    expect(cards.has(slot.name)).toBe(true);
    // None has a place without a card.
    expect([...places].toSorted()).toEqual([...cards].toSorted());
  }
});

test("a grant that cannot be made gives the slot back", async () => {
  const { pool, failing, written } = makeWorld();
  await pool.claim("aa", NO_GRANTS);
  await pool.settled();
  failing.rules = true;
  expect(await pool.claim("bb", { ...NO_GRANTS, hostPorts: [80] }).catch((error: unknown) => String(error))).toContain("no rules");
  expect([pool.vmIds, [...written.values()]]).toEqual([["aa"], ["aa"]]);
});

test("many at once get a slot each", async () => {
  const { pool, cards } = makeWorld();
  const slots = await Promise.all(Array.from({ length: 30 }, (_, at) => pool.claim(`${at}`, NO_GRANTS)));
  expect(new Set(slots.map(({ name }) => name)).size).toBe(30);
  for (const { name } of slots) expect(cards.has(name)).toBe(true);
});
