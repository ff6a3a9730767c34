import { expect, test } from "bun:test";
import type { Claim } from "./claims.ts";
import { NO_GRANTS, type Grants } from "./rules.ts";
import { SlotPool, type SlotTools } from "./slot-pool.ts";
import { SLOTS, slotOf, type Slot } from "./slots.ts";

/** A pool over a namespace in memory, of which each step can be made to fail. */
function makeWorld(kept: readonly Claim[] = []) {
  const cards = new Set(kept.map(({ slot }) => slot.name));
  const written = new Map<string, string>(kept.map(({ slot, vmId }) => [slot.name, vmId]));
  const seen: string[] = [];
  const withdrawn: Grants[] = [];
  const failing = { grants: false, slots: false };
  const tools: SlotTools = {
    ground: {
      changeSlots: async ({ made, retired }) => {
        // It may be half done when it fails.
        for (const { name } of made) cards.add(name);
        if (failing.slots) throw new Error("no slots");
        for (const { slot } of retired) cards.delete(slot.name);
        withdrawn.push(...retired.map(({ grants }) => grants));
        seen.push("slots");
      },
      setGrants: async (slot) => {
        if (failing.grants) throw new Error("no grants");
        seen.push(slot.name);
      },
    },
    claims: {
      write: async ({ slot, vmId }) => void written.set(slot.name, vmId),
      drop: async (slot: Slot) => void written.delete(slot.name),
      readAll: async () => [],
    },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  };
  return { pool: new SlotPool(tools, kept), cards, written, withdrawn, seen, failing };
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
  const { pool, cards, written } = makeWorld();
  const seen = new Set<number>();
  for (let count = 0; count < 200; count += 1) {
    const slot = await pool.claim("aa", NO_GRANTS);
    expect(seen.has(slot.number)).toBe(false);
    seen.add(slot.number);
    await pool.release("aa");
    await pool.settled();
    expect(cards.has(slot.name)).toBe(false);
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

test("a vm that ends while it is granted something leaves nothing of it", async () => {
  const { pool, written, withdrawn } = makeWorld();
  await pool.claim("aa", NO_GRANTS);
  const granted = { ...NO_GRANTS, hostPorts: [9090] };
  await Promise.all([pool.setGrants("aa", granted), pool.release("aa")]);
  await pool.settled();
  expect([pool.vmIds, written.size]).toEqual([[], 0]);
  expect(withdrawn).toEqual([granted]);
});

test("what failed is done the next time, and claims nothing", async () => {
  const { pool, failing, cards, written } = makeWorld();
  failing.slots = true;
  expect(await pool.claim("aa", NO_GRANTS).catch((error: unknown) => String(error))).toContain("no slots");
  expect([pool.vmIds, written.size]).toEqual([[], 0]);
  const halfMade = [...cards];
  failing.slots = false;
  const slot = await pool.claim("aa", NO_GRANTS);
  await pool.settled();
  expect(cards.has(slot.name)).toBe(true);
  // What was made in vain is gone.
  expect(halfMade.filter((name) => cards.has(name))).toEqual([]);
});

test("a grant that cannot be made gives the slot back", async () => {
  const { pool, failing, written } = makeWorld();
  await pool.claim("aa", NO_GRANTS);
  await pool.settled();
  failing.grants = true;
  expect(await pool.claim("bb", { ...NO_GRANTS, hostPorts: [80] }).catch((error: unknown) => String(error))).toContain("no grants");
  expect([pool.vmIds, [...written.values()]]).toEqual([["aa"], ["aa"]]);
});

test("many at once get a slot each", async () => {
  const { pool, cards } = makeWorld();
  const slots = await Promise.all(Array.from({ length: 30 }, (_, at) => pool.claim(`${at}`, NO_GRANTS)));
  expect(new Set(slots.map(({ name }) => name)).size).toBe(30);
  for (const { name } of slots) expect(cards.has(name)).toBe(true);
});
