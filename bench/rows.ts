/** Every row that can be measured so far. */
import type { Row } from "./measure.ts";
import { measureCommandLine } from "./row-command-line.ts";
import { measureCreate } from "./row-create.ts";
import { measureDaemon } from "./row-daemon.ts";
import { measureDisk } from "./row-disk.ts";
import { measureExec } from "./row-exec.ts";
import { measureFootprint } from "./row-footprint.ts";
import { measureHostile } from "./row-hostile.ts";
import { measureImages } from "./row-images.ts";
import { measureKernels } from "./row-kernels.ts";
import { measurePorts } from "./row-ports.ts";
import { measureLinks } from "./row-links.ts";
import { measureNetwork } from "./row-network.ts";

export const ROWS: readonly { readonly row: number; readonly measure: () => AsyncIterable<Row> }[] = [
  { row: 1, measure: measureCreate },
  { row: 3, measure: measureFootprint },
  { row: 4, measure: measureExec },
  { row: 4, measure: measureHostile },
  { row: 5, measure: measureImages },
  { row: 6, measure: measureDisk },
  { row: 7, measure: measurePorts },
  { row: 7, measure: measureNetwork },
  { row: 7, measure: measureLinks },
  { row: 8, measure: measureCommandLine },
  { row: 10, measure: measureDaemon },
  { row: 11, measure: measureKernels },
];
