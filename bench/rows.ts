/** Every row that can be measured so far. */
import type { Row } from "./measure.ts";
import { measureCommandLine } from "./row-command-line.ts";
import { measureCreate } from "./row-create.ts";
import { measureDisk } from "./row-disk.ts";
import { measureExec } from "./row-exec.ts";

export const ROWS: readonly { readonly row: number; readonly measure: () => AsyncIterable<Row> }[] = [
  { row: 1, measure: measureCreate },
  { row: 4, measure: measureExec },
  { row: 6, measure: measureDisk },
  { row: 8, measure: measureCommandLine },
];
