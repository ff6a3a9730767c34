/** Writes every file that is generated from the operations. `npm run generate`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "../src/contract/generated-files.ts";

for (const [path, text] of generatedFiles()) {
  writeFileSync(join(import.meta.dir, "..", path), text);
  console.log(path);
}
