/**
 * A world whose daemon can be made to die, fail or wait at each of its failpoints (`src/system/failpoints`), with two vms that
 * nothing of this may disturb: one runs, one is stopped.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGoods, type Goods } from "../support/goods.ts";
import { writeLittleBootstrap } from "../support/little-bootstrap.ts";
import { writeLittleCompiler } from "../support/little-compiler.ts";
import { notePlaces } from "../support/noted-places.ts";
import { closeWorld, openWorld, SHARED, type World } from "../support/world.ts";
import { listVms } from "../support/world-state.ts";
import { killDaemon } from "../support/kill-daemon.ts";

export type DriverName = "fake" | "qemu";
export type Action = "kill" | "fail" | "wait";

/** A point that was reached: its name, and how often it had been by then. */
export interface Point {
  readonly point: string;
  readonly nth: number;
}

export interface CrashWorld extends AsyncDisposable {
  readonly world: World;
  readonly driver: DriverName;
  readonly goods: Goods;
  /** Of the vm that runs, as it was made. */
  readonly bystander: { readonly name: string; readonly pid: number };
  readonly sleeper: string;
  /** Names what is reached from now on, until `stopRecording`. */
  record(): void;
  stopRecording(): readonly Point[];
  arm(point: Point, action: Action): void;
  /** Whether what was armed has happened. */
  hasFired(): boolean;
  disarm(): void;
}

/** Found before the system's; below a world's folder. */
export const PROGRAMS = "programs";

export async function openCrashWorld(driver: DriverName): Promise<CrashWorld> {
  const goods = await openGoods();
  const world = await openWorld({
    config: `[drivers]\norder = ["${driver}"]\n`,
    isolatedGoods: true,
    isolatedCache: true,
    env: { BANGER_FAILPOINTS: "FOLDER/failpoint", PATH: `FOLDER/${PROGRAMS}:${process.env["PATH"] ?? "/usr/bin:/bin"}` },
  });
  try {
    writeLittleBootstrap(join(world.folder, PROGRAMS));
    writeLittleCompiler(join(world.folder, PROGRAMS));
    notePlaces(join(world.folder, PROGRAMS));
    mkdirSync(join(world.folder, "data"), { mode: 0o700 });
    // Of its own, since its kernels come and go.
    execFileSync("cp", ["-a", join(SHARED, "data/banger"), join(world.folder, "data/banger")]);
    const [bystander, sleeper] = ["bystander", "sleeper"];
    await world.ok(["vm", "create", bystander, "--kernel", goods.kernel]);
    await world.ok(["vm", "create", sleeper, "--kernel", goods.kernel, "--no-start"]);
    const pid = listVms(world).find(({ name }) => name === bystander)?.pid;
    if (pid === undefined) throw new Error("the bystander does not run");
    return makeCrashWorld(world, driver, goods, { name: bystander, pid }, sleeper);
  } catch (error) {
    await closeWorld(world);
    throw error;
  }
}

function makeCrashWorld(world: World, driver: DriverName, goods: Goods, bystander: CrashWorld["bystander"], sleeper: string): CrashWorld {
  const control = join(world.folder, "failpoint");
  const recorded = join(world.folder, "points");
  /** Appears whole: the daemon reads it at any moment. */
  const set = (value: unknown): void => {
    writeFileSync(`${control}.next`, JSON.stringify(value));
    renameSync(`${control}.next`, control);
  };
  return {
    world,
    driver,
    goods,
    bystander,
    sleeper,
    record: () => {
      writeFileSync(recorded, "");
      set({ record: recorded });
    },
    stopRecording: () => {
      rmSync(control);
      return numberPoints(readFileSync(recorded, "utf8").split("\n").filter(Boolean));
    },
    arm: (point, action) => {
      rmSync(`${control}.fired`, { force: true });
      set({ ...point, action });
    },
    hasFired: () => existsSync(`${control}.fired`),
    disarm: () => rmSync(control, { force: true }),
    [Symbol.asyncDispose]: async () => {
      rmSync(control, { force: true });
      await killDaemon(world);
      await closeWorld(world);
    },
  };
}

/** Each with the number of its kind. */
function numberPoints(names: readonly string[]): readonly Point[] {
  const seen = new Map<string, number>();
  return names.map((point) => {
    const nth = (seen.get(point) ?? 0) + 1;
    seen.set(point, nth);
    return { point, nth };
  });
}
