/** Row 6: the disk of a new vm, against the sparse copy of a 1 GiB image that a tool without a shared base makes. */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_LAYER_BYTES } from "../src/disks/disks.ts";
import { makeDisks } from "../src/disks/make-disks.ts";
import { makeJsonLog } from "../src/system/json-log.ts";
import { makeSystem } from "../src/system/make-system.ts";
import { closeWorld, openWorld } from "../test/support/world.ts";
import { compare, timed, type Row } from "./measure.ts";

const RUNS = 15;
const IMAGE_BYTES = 2 ** 30;

export async function* measureDisk(): AsyncIterable<Row> {
  const world = await openWorld();
  try {
    const system = makeSystem(world.environment, makeJsonLog(2));
    const disks = makeDisks({ system });
    const signal = new AbortController().signal;
    const [image, layer, copy] = ["image", "layer", "copy"].map((name) => join(world.folder, name)) as [string, string, string];
    await writeImage(image);
    await disks.refill(signal);
    yield await compare({
      row: 6,
      operation: "disk of a new vm, from the pool",
      target: 0.01,
      runs: RUNS,
      ours: {
        what: "layer",
        run: async () => {
          const ms = await timed(() => disks.openLayer(layer, DEFAULT_LAYER_BYTES, signal));
          await rm(layer);
          await disks.refill(signal);
          return ms;
        },
      },
      other: {
        what: "cp --sparse, 1 GiB",
        run: async () => {
          const ms = await timed(() => system.processes.runOk(["cp", "--sparse=always", image, copy], { timeoutMs: 120_000 }));
          await rm(copy);
          return ms;
        },
      },
    });
  } finally {
    await closeWorld(world);
  }
}

/** Data all through, as a root file system has. */
async function writeImage(path: string): Promise<void> {
  await using file = await open(path, "wx");
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  const chunk = Buffer.concat(Array.from({ length: 16 }, () => block));
  for (let at = 0; at < IMAGE_BYTES; at += chunk.length) await file.write(chunk, 0, chunk.length, at);
}
