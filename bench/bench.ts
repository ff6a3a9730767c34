/**
 * `npm run bench [-- ROW...]`: measures the rows of the table of goals and prints one line each. Ends with 1 when a ratio is above its
 * target or cannot be measured. `--json FILE` also writes the rows.
 */
import { writeFile } from "node:fs/promises";
import type { Row } from "./measure.ts";
import { ROWS } from "./rows.ts";
import { formatTable } from "./table.ts";

const words = process.argv.slice(2);
const jsonAt = words.indexOf("--json");
const jsonPath = jsonAt === -1 ? undefined : words.splice(jsonAt, 2)[1];
const wanted = new Set(words.map(Number));
const rows: Row[] = [];
const unmeasured: number[] = [];
for (const { row, measure } of ROWS) {
  if (wanted.size > 0 && !wanted.has(row)) continue;
  try {
    for await (const measured of measure()) {
      rows.push(measured);
      console.error(`row ${measured.row}: ${measured.operation}: ${measured.ratio.toFixed(3)}`);
    }
  } catch (error) {
    unmeasured.push(row);
    console.error(`row ${row} cannot be measured:`, error);
  }
}
console.log(formatTable(rows));
if (jsonPath !== undefined) await writeFile(jsonPath, `${JSON.stringify(rows, null, 2)}\n`);
process.exitCode = unmeasured.length === 0 && rows.every(({ ratio, target }) => ratio <= target) ? 0 : 1;
