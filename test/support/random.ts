/** Numbers that a seed repeats, for tests that choose at random. */

/** The seed of this run: that of an earlier one (`BANGER_TEST_SEED`), or a new one, which is printed. */
export const SEED = Number(process.env["BANGER_TEST_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
console.log(`BANGER_TEST_SEED=${SEED}`);

/** Gives integers from 0 up to, not including, `below` (mulberry32). */
export type RandomBelow = (below: number) => number;

export function makeRandom(seed: number = SEED): RandomBelow {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** `count` of them, or all, in a random order. */
export function sample<Item>(items: readonly Item[], count: number, random: RandomBelow): readonly Item[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, items.length) }, () => left.splice(random(left.length), 1)[0] as Item);
}
