import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const TOP = join(import.meta.dir, "..");
const ROWS = readFileSync(join(TOP, "docs/promises.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!promise \||---)/.test(line));

/** What holds a promise: a file, and words of the test in it. */
function holdersOf(row: string): readonly { readonly path: string; readonly words: string }[] {
  const cell = row.split(" | ").at(-1)?.replace(/ \|$/, "") ?? "";
  return cell.split(" · ").map((one) => {
    const { path = "", words = "" } = /^`(?<path>[\w./-]+)`: (?<words>.+)$/.exec(one)?.groups ?? {};
    return { path, words };
  });
}

test("there are promises", () => expect(ROWS.length).toBeGreaterThan(30));

test.each(ROWS)("%s", (row) => {
  for (const { path, words } of holdersOf(row)) {
    expect({ path, words }).not.toMatchObject({ path: "" });
    expect({ path, words, isThere: readFileSync(join(TOP, path), "utf8").includes(words) }).toEqual({ path, words, isThere: true });
  }
});
