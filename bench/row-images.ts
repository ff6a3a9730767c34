/**
 * Row 5: the layers of an image become what a vm boots from, against what people do without root: unpack them and make a file system of the
 * tree. Both sides begin with blobs in a folder; ours also checks all digests, copies the blobs into its cache and syncs.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { closeWorld, openWorld, type World } from "../test/support/world.ts";
import { daemonPidOf, rssOf } from "./daemon-process.ts";
import { openDebianLayers, type DebianLayers } from "./debian-layers.ts";
import { compare, goal, timed, type Row } from "./measure.ts";
import { slowestUntil } from "./slowest-get.ts";

/** The other side takes most of a minute. */
const RUNS = 3;
const REPULLS = 11;
const REPULL_MS = 150;
const GROWTH_BYTES = 128 * 1024 * 1024;
const TREE_BYTES = "4G";

export async function* measureImages(): AsyncIterable<Row> {
  const layers = await openDebianLayers();
  const world = await openWorld({ isolatedGoods: true, isolatedCache: true, config: '[drivers]\norder = ["fake"]\n' });
  try {
    yield measurePull(world, layers, "gzip", "tar", 1 / 3);
    yield measurePull(world, layers, "zstd", "tar", 1 / 3);
    yield measurePull(world, layers, "gzip", "umoci", 1 / 5);
    yield measureGrowth(world, layers);
    yield measureGets(world, layers);
    yield measureRepull(world, layers);
  } finally {
    await closeWorld(world);
  }
}

async function pull(world: World, { layouts }: DebianLayers, compression: "gzip" | "zstd"): Promise<void> {
  await world.ok(["image", "pull", `oci:${layouts[compression]}:it`, "--name", "it"]);
}

/** With nothing to take from the cache the next time. */
async function forget(world: World): Promise<void> {
  await world.ok(["image", "delete", "it"]);
  await rm(join(world.folder, "cache/banger/downloads"), { recursive: true, force: true });
}

async function measurePull(
  world: World,
  layers: DebianLayers,
  compression: "gzip" | "zstd",
  by: "tar" | "umoci",
  target: number,
): Promise<Row> {
  const unpack =
    by === "umoci"
      ? `umoci raw unpack --image ${layers.layouts[compression]}:it tree`
      : (await layers.blobs(compression)).map((blob) => `tar --${compression} -C tree -xf ${blob}`).join("\n");
  const script = `${by === "umoci" ? "" : "mkdir tree\n"}${unpack}\nmke2fs -q -t ext4 -d tree tree.ext4 ${TREE_BYTES}\nsync tree.ext4`;
  return compare({
    row: 5,
    operation: `four ${compression} layers become bootable`,
    target,
    runs: RUNS,
    ours: {
      what: "image pull",
      run: async () => {
        const ms = await timed(() => pull(world, layers, compression));
        await forget(world);
        return ms;
      },
    },
    other: {
      what: by === "umoci" ? "umoci unpack, mke2fs -d" : "fakeroot tar, mke2fs -d",
      run: async () => {
        const ms = await timed(() => shell(world, script, by === "umoci" ? [] : ["fakeroot"]));
        await shell(world, "rm -rf tree tree.ext4", []);
        return ms;
      },
    },
  });
}

async function shell(world: World, script: string, prefix: readonly string[]): Promise<void> {
  const child = Bun.spawn([...prefix, "sh", "-ec", script], { cwd: world.folder, stdout: "ignore", stderr: "pipe" });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${script}: ${said}`);
}

function measureGrowth(world: World, layers: DebianLayers): Promise<Row> {
  return compare({
    row: 5,
    operation: "the daemon grows by, while it pulls",
    target: 1,
    runs: RUNS,
    unit: "bytes",
    ours: {
      what: "image pull",
      run: async () => {
        await world.ok(["daemon", "stop"]);
        await world.ok(["ps"]);
        const pid = daemonPidOf(world);
        const before = rssOf(pid);
        let most = before;
        const watch = setInterval(() => (most = Math.max(most, rssOf(pid))), 20);
        await pull(world, layers, "gzip");
        clearInterval(watch);
        await forget(world);
        return most - before;
      },
    },
    other: goal(GROWTH_BYTES),
  });
}

async function measureGets(world: World, layers: DebianLayers): Promise<Row> {
  let pullMs = 1000;
  return compare({
    row: 5,
    operation: "slowest of 100 GETs, during a pull",
    target: 5,
    runs: RUNS,
    ours: {
      what: "while an image is pulled",
      run: async () => {
        const started = performance.now();
        const p99 = await slowestUntil(world, pull(world, layers, "gzip"));
        pullMs = performance.now() - started;
        await forget(world);
        return p99;
      },
    },
    other: { what: "while nothing is", run: () => slowestUntil(world, Bun.sleep(pullMs)) },
  });
}

async function measureRepull(world: World, layers: DebianLayers): Promise<Row> {
  await pull(world, layers, "gzip");
  return compare({
    row: 5,
    operation: "an image is pulled that is there",
    target: 1,
    runs: REPULLS,
    ours: { what: "image pull", run: () => timed(() => pull(world, layers, "gzip")) },
    other: goal(REPULL_MS),
  });
}
