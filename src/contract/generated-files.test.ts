import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./generated-files.ts";

const ROOT = join(import.meta.dir, "../..");

for (const [path, text] of generatedFiles()) {
  test(`${path} agrees with the operations (when it does not: npm run generate)`, () => {
    expect(readFileSync(join(ROOT, path), "utf8")).toBe(text);
  });
}
