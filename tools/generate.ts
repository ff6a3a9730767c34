/** Writes every file that is generated: from the operations, and for the network helper's tests. `npm run generate`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "../src/contract/generated-files.ts";
import { RENDERS_PATH, rendersText } from "./network-renders.ts";

for (const [path, text] of [...generatedFiles(), [RENDERS_PATH, rendersText()] as const]) {
  writeFileSync(join(import.meta.dir, "..", path), text);
  console.log(path);
}
