/**
 * The tour of README.md, while the plug is pulled: at any moment of a line everything ends at once, clients too, and the run folder is gone.
 * Whoever types the line again, if it was cut off, and those behind it, is served, or told what to type first; and what a line had done
 * is still so.
 *
 * BANGER_TEST_FULL: in each line, three times; else in some of one tour.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { isFull, makeChance, SEED } from "../support/seeded.ts";
import { TOUR, typeLine, type Typed, wordsOf } from "../support/tour.ts";
import { withWorld, type World } from "../support/world.ts";
import { losePower } from "./lose-power.ts";
import { untilQuiet } from "../support/until-quiet.ts";

const TOURS = isFull ? 3 : 1;
/** Of the lines of a tour. */
const PULLS = isFull ? TOUR.length : 3;
/** A line takes from a few milliseconds to some seconds: each of these powers of two is as likely. */
const LATEST_MS_POWER = 12;
/** Such as: it does not run, so it starts. */
const MOST_HINTS = 3;
/** What was cut off may have been done before that, and then says so. */
const DONE_BEFORE = [
  [/ create /, "there is one of that name already"],
  [/ rm /, "there is no vm dev"],
] as const;

setDefaultTimeout(240_000 + TOURS * PULLS * 60_000);

test(`the plug is pulled ${TOURS * PULLS} times during the tour (seed ${SEED})`, async () => {
  const { debianKernel } = await openGoods();
  expect(TOUR.length).toBeGreaterThan(10);
  const chance = makeChance();
  for (let tours = 0; tours < TOURS; tours += 1) {
    const pulls = new Set<string>();
    while (pulls.size < PULLS) pulls.add(chance.pick(TOUR));
    await withWorld({}, async (world) => {
      const moments: string[] = [];
      for (const line of TOUR) {
        let cut: Typed | undefined;
        if (pulls.has(line)) {
          const afterMs = 2 ** (chance.below(LATEST_MS_POWER * 10) / 10);
          const typed = typeLine(world, line);
          await Bun.sleep(afterMs);
          await losePower(world);
          cut = await typed;
          moments.push(`${wordsOf(line)} after ${afterMs.toFixed(0)} ms: ${cut.code === 0 ? "done" : "cut off"}`);
          for (const name of readdirSync(join(world.folder, "run"))) rmSync(join(world.folder, "run", name), { recursive: true });
        }
        const { text } = cut?.code === 0 ? cut : await typeUntilDone(world, line, moments);
        if (/ head -n 1 /.test(line)) expect({ text, moments }).toMatchObject({ text: expect.stringContaining("# banger") });
      }
      console.log(moments.join("\n"));
      expect(await world.json(["ps"])).toEqual({ vms: [] });
      expect(await untilQuiet(world)).toEqual([]);
      expect(await world.ok(["kernel", "list"])).toContain(debianKernel);
    });
  }
});

/** Types a line, and what it says to type when it cannot be done, until it is done. */
async function typeUntilDone(world: World, line: string, moments: readonly string[]): Promise<Typed> {
  const typed: string[] = [];
  for (let hints = 0; ; hints += 1) {
    const { code, text } = await typeLine(world, line);
    if (code === 0 || DONE_BEFORE.some(([verb, words]) => verb.test(line) && text.includes(words))) return { code, text };
    typed.push(`$ ${wordsOf(line)}\n${text}`);
    const hint = /^try: (banger [^\r\n]*)/m.exec(text)?.[1];
    if (hint === undefined || hints === MOST_HINTS) throw new Error(`${moments.join("\n")}\n${typed.join("\n")}`);
    const followed = await typeLine(world, hint);
    typed.push(`$ ${hint}\n${followed.text}`);
  }
}
