/**
 * The power goes while a daemon works: at each moment between two of its calls, with what was not synced lost, there, or there in part
 * and in any order. What is found is whole, holds everything that a command was told to be done, and lists nothing that is half made.
 *
 * The daemon's calls are taken down by strace, and replayed on a model of a disk.
 */
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MIGRATIONS } from "../../../src/daemon/wire.ts";
import { openDatabase } from "../../../src/system/database.ts";
import { makeVmRows } from "../../../src/vms/vm-rows.ts";
import { openGoods, type Goods } from "../../support/goods.ts";
import { isFull, makeChance, SEED, type Chance } from "../../support/seeded.ts";
import { makeSilentKernel } from "../../support/silent-kernel.ts";
import { closeWorld, openWorld, SHARED, type World } from "../../support/world.ts";
import { DiskModel, type Survival } from "./disk-model.ts";
import { traceDaemon, type FileCall } from "./trace-daemon.ts";

const COMMANDS = isFull ? 500 : 40;
const IMAGES = isFull ? 1000 : 60;
const SURVIVALS: readonly Survival[] = ["nothing", "everything", "some", "some"];

/** What a command said was done, and when it was asked for and answered, in seconds since 1970. */
interface Acknowledged {
  readonly thing: string;
  readonly isThere: boolean;
  readonly from: number;
  readonly until: number;
}

const now = (): number => (performance.timeOrigin + performance.now()) / 1000;

async function work(world: World, goods: Goods, chance: Chance): Promise<readonly Acknowledged[]> {
  const there = new Set<string>();
  const done: Acknowledged[] = [];
  const kernelFolder = join(world.folder, "kernel");
  mkdirSync(kernelFolder);
  for (let count = 0; count < COMMANDS; count += 1) {
    const name = `thing-${chance.below(6)}`;
    const thing = chance.below(3) === 0 ? `kernel ${name}` : `vm ${name}`;
    const isThere = !there.has(thing);
    const [noun = ""] = thing.split(" ");
    if (noun === "kernel" && isThere) writeFileSync(join(kernelFolder, "vmlinux"), makeSilentKernel(`kernel ${count}`));
    const words =
      noun === "kernel"
        ? [isThere ? "import" : "delete", name, ...(isThere ? ["--from", kernelFolder] : [])]
        : [isThere ? "create" : "delete", name, ...(isThere ? ["--kernel", goods.kernel, "--no-start"] : [])];
    const from = now();
    await world.ok([noun, ...words]);
    done.push({ thing, isThere, from, until: now() });
    if (isThere) there.add(thing);
    else there.delete(thing);
  }
  return done;
}

/** Things of which it is certain at `moment` whether they are there. */
function certainAt(moment: number, done: readonly Acknowledged[]): ReadonlyMap<string, boolean> {
  const certain = new Map<string, boolean>();
  for (const { thing, isThere, from, until } of done) {
    if (until <= moment) certain.set(thing, isThere);
    else if (from <= moment) certain.delete(thing);
  }
  return certain;
}

/** Every thing that is listed, and what is wrong. */
function examine(folder: string): { readonly listed: ReadonlySet<string>; readonly wrong: readonly string[] } {
  const listed = new Set<string>();
  const wrong: string[] = [];
  if (existsSync(join(folder, "state/banger/banger.db"))) {
    using database = openDatabase(join(folder, "state/banger/banger.db"), MIGRATIONS);
    for (const row of database.all("PRAGMA integrity_check")) if (row["integrity_check"] !== "ok") wrong.push(JSON.stringify(row));
    wrong.push(...database.all("PRAGMA foreign_key_check").map((row) => JSON.stringify(row)));
    const { records, unreadable } = makeVmRows(database).list();
    wrong.push(...unreadable.map(({ name, problem }) => `${name}: ${problem}`));
    // What is being made or removed is finished or undone by the next daemon, and is not listed before.
    for (const { name, state } of records) if (state === "stopped") listed.add(`vm ${name}`);
  }
  const kernels = join(folder, "data/banger/kernels");
  for (const name of existsSync(kernels) ? readdirSync(kernels) : []) {
    if (name.startsWith(".")) continue;
    listed.add(`kernel ${name}`);
    wrong.push(...wrongWithKernel(join(kernels, name)));
  }
  return { listed, wrong };
}

function wrongWithKernel(folder: string): readonly string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { vmlinux: { sha256: string } };
    const sha256 = createHash("sha256")
      .update(readFileSync(join(folder, "vmlinux")))
      .digest("hex");
    return sha256 === manifest.vmlinux.sha256 ? [] : [`${folder}: vmlinux is not what its manifest says`];
  } catch (error) {
    return [`${folder}: ${String(error)}`];
  }
}

function writeImage(files: ReadonlyMap<string, Buffer>, from: string, to: string): void {
  for (const [path, content] of files) {
    const target = join(to, path.slice(from.length));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}

/** Moments to look at: as many as wanted, over the whole time, each between two calls. */
function chooseMoments(calls: readonly FileCall[], chance: Chance): ReadonlySet<number> {
  const share = Math.ceil(calls.length / IMAGES);
  return new Set(Array.from({ length: IMAGES }, (_, index) => Math.min(calls.length - 1, index * share + chance.below(share))));
}

test(
  `${IMAGES} losses of power during ${COMMANDS} commands lose nothing that was told (seed ${SEED})`,
  async () => {
    const goods = await openGoods();
    const chance = makeChance();
    await using undo = new AsyncDisposableStack();
    const world = await openWorld({ config: '[drivers]\norder = ["fake"]\n', isolatedGoods: true });
    undo.defer(() => closeWorld(world));
    mkdirSync(join(world.folder, "data"), { mode: 0o700 });
    Bun.spawnSync(["cp", "-a", join(SHARED, "data/banger"), join(world.folder, "data/banger")]);
    const daemon = await traceDaemon(world);
    const done = await work(world, goods, chance);
    const ours = ["state/banger/banger.db", "data/banger/kernels"].map((path) => join(world.folder, path));
    const disk = new DiskModel((path) => ours.some((prefix) => path.startsWith(prefix)) && !path.endsWith("-shm"));
    const calls = await daemon.stop();
    const moments = chooseMoments(calls, chance);

    const images = mkdtempSync(join(world.folder, "images-"));
    for (const [index, call] of calls.entries()) {
      disk.apply(call);
      if (!moments.has(index)) continue;
      const survival = chance.pick(SURVIVALS);
      const image = join(images, String(index));
      writeImage(disk.survivors(survival, chance), world.folder, image);
      const { listed, wrong } = examine(image);
      const where = `after call ${index} of ${calls.length}, ${survival} of what was not synced`;
      expect({ where, wrong }).toEqual({ where, wrong: [] });
      // The next call may be long after this one: what counts is what had been told when it was made.
      for (const [thing, isThere] of certainAt(call.at, done))
        expect({ where, thing, isThere: listed.has(thing) }).toEqual({ where, thing, isThere });
      rmSync(image, { recursive: true, force: true });
    }
  },
  60_000 + COMMANDS * 2000 + IMAGES * 500,
);
