import { expect, test } from "bun:test";
import fc from "fast-check";
import type { OperationEvent } from "../contract/events.ts";
import { followOperation } from "./follow-operation.ts";

const EVENTS: readonly OperationEvent[] = [
  ...Array.from({ length: 8 }, (_, seq) => ({ type: "notice" as const, message: `n${seq}`, seq, at: 0 })),
  { type: "outcome", ok: true, output: null, seq: 8, at: 0 },
];
const TEXT = EVENTS.map((event) => `${JSON.stringify(event)}\n`);

/** A daemon whose connections break off after so many bytes, with or without an error. */
function makeOpen(breaks: readonly number[], asked: number[]) {
  let connection = 0;
  return async (from: number): Promise<AsyncIterable<Uint8Array>> => {
    asked.push(from);
    const bytes = breaks[connection];
    connection += 1;
    const all = new TextEncoder().encode(TEXT.slice(from).join(""));
    return (async function* () {
      yield bytes === undefined ? all : all.subarray(0, bytes);
      if (bytes !== undefined && bytes % 2 === 0) throw new Error("connection reset");
    })();
  };
}

test("every event comes once and in order, wherever connections break", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 80, max: 300 }), { maxLength: 6 }), async (breaks) => {
      const asked: number[] = [];
      expect(await Array.fromAsync(followOperation(makeOpen(breaks, asked), 0))).toEqual([...EVENTS]);
      expect(asked).toEqual(asked.toSorted((a, b) => a - b));
    }),
  );
});

test("an operation that ended before the first event that is wanted has no such event", async () => {
  const over = Array.fromAsync(followOperation(makeOpen([], []), 99, async () => true));
  await expect(over).rejects.toMatchObject({ code: "no_such_event" });
});

test("a daemon that gives nothing again and again is given up", async () => {
  expect(Array.fromAsync(followOperation(makeOpen([0, 1, 0, 1, 0], []), 0))).rejects.toMatchObject({ code: "events_broken_off" });
});
