import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { pairs, table } from "./table.ts";

const HEADING = ["NAME", "STATE", "WHY"];
const ROWS = [
  ["dev", "broken", "the guest did not answer in time"],
  ["a-longer-name", "running", ""],
];

describe("a table", () => {
  test("has its columns aligned where there is room", async () => {
    expect(await table(HEADING, ROWS, 80)).toBe(
      "NAME           STATE    WHY\ndev            broken   the guest did not answer in time\na-longer-name  running\n",
    );
  });

  test("has its last column go on below itself where that is too long", async () => {
    expect(await table(HEADING, ROWS, 46)).toBe(
      `NAME           STATE    WHY
dev            broken   the guest did not
                        answer in time
a-longer-name  running
`,
    );
  });

  test("becomes blocks where even that has no room", async () => {
    expect(await table(HEADING, ROWS, 40)).toBe(
      "NAME   dev\nSTATE  broken\nWHY    the guest did not answer in time\n\nNAME   a-longer-name\nSTATE  running\n",
    );
  });

  test("keeps all of its words, and keeps to the width unless a single word is longer", async () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const cell = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
    const row = fc.tuple(word, cell, cell);
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 40, max: 120 }), async (rows, width) => {
        const text = await table(HEADING, rows, width);
        for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
        const wordsOf = (of: string): string[] =>
          of
            .split(/\s+/)
            .filter((each) => each !== "" && !HEADING.includes(each))
            .toSorted();
        expect(wordsOf(text)).toEqual(wordsOf(rows.flat().join(" ")));
      }),
    );
  });
});

test("values of pairs go on below themselves", () => {
  const rows = [["driver", "qemu, tcg: this CPU has no virtualisation"] as const, ["id", "x"] as const];
  expect(pairs(rows, 40)).toBe("driver  qemu, tcg: this CPU has no\n        virtualisation\nid      x\n");
  expect(pairs(rows, 80)).toBe("driver  qemu, tcg: this CPU has no virtualisation\nid      x\n");
});
