import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RENDERS_PATH, rendersText } from "./network-renders.ts";

test("what the network helper is held to is what the daemon says now: npm run generate", () => {
  expect(readFileSync(join(import.meta.dir, "..", RENDERS_PATH), "utf8")).toBe(rendersText());
});
