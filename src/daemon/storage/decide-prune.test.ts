import { expect, test } from "bun:test";
import fc from "fast-check";
import { decidePrune } from "./decide-prune.ts";

const NO_BUDGETS = { olderThanMs: undefined, keepBytes: undefined, before: undefined };
const thing = (usedAt: number, usedBytes = 10) => ({ usedAt, usedBytes });
const things = fc.array(fc.record({ usedAt: fc.nat(1000), usedBytes: fc.nat(100) }), { maxLength: 20 });
const sum = (all: readonly { readonly usedBytes: number }[]): number => all.reduce((total, { usedBytes }) => total + usedBytes, 0);

test("without budgets all goes", () => {
  const all = [thing(1), thing(2)];
  expect(decidePrune(all, NO_BUDGETS, 1000)).toEqual(all);
});

test("what is too new stays, by its age and by the time of the look", () => {
  const all = [thing(100), thing(500), thing(900)];
  expect(decidePrune(all, { ...NO_BUDGETS, olderThanMs: 500 }, 1000)).toEqual([thing(100)]);
  expect(decidePrune(all, { ...NO_BUDGETS, before: 900 }, 1000)).toEqual([thing(100), thing(500)]);
});

test("of what is over the budget the oldest goes, and no more than needed", () => {
  expect(decidePrune([thing(3), thing(1), thing(2)], { ...NO_BUDGETS, keepBytes: 15 }, 1000)).toEqual([thing(1), thing(2)]);
});

test("whatever there is, what is left keeps to the budget where age allows it, and nothing newer goes before something older", () => {
  fc.assert(
    fc.property(
      things,
      fc.option(fc.nat(1500), { nil: undefined }),
      fc.option(fc.nat(800), { nil: undefined }),
      (all, olderThanMs, keepBytes) => {
        const going = decidePrune(all, { olderThanMs, keepBytes, before: undefined }, 1000);
        const staying = all.filter((each) => !going.includes(each));
        for (const { usedAt } of going) expect(1000 - usedAt).toBeGreaterThan(olderThanMs ?? -1);
        if (keepBytes === undefined) return;
        const couldGo = staying.filter(({ usedAt }) => olderThanMs === undefined || usedAt < 1000 - olderThanMs);
        if (couldGo.length > 0) expect(sum(staying)).toBeLessThanOrEqual(keepBytes);
        for (const gone of going) for (const stays of couldGo) expect(gone.usedAt).toBeLessThanOrEqual(stays.usedAt);
        const newest = going.toSorted((a, b) => b.usedAt - a.usedAt)[0];
        if (newest !== undefined)
          expect(sum(staying) + newest.usedBytes).toBeGreaterThan(Math.min(keepBytes, sum(staying) + newest.usedBytes - 1));
      },
    ),
  );
});
