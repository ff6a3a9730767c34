import { expect, test } from "bun:test";
import { compare, quantile } from "./measure.ts";

test("quantiles are interpolated", () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
  expect(quantile([7], 0.75)).toBe(7);
});

test("both sides run in turn, and the first round does not count", async () => {
  const order: string[] = [];
  const side = (what: string, first: number, later: number) => ({
    what,
    run: async () => (order.push(what), order.filter((name) => name === what).length === 1 ? first : later),
  });
  const row = await compare({ row: 1, operation: "o", target: 1, runs: 2, ours: side("a", 999, 1), other: side("b", 999, 4) });
  expect(order).toEqual(["b", "a", "a", "b", "b", "a"]);
  expect(row).toMatchObject({ ratio: 0.25, spread: 0 });
});
