/** The daemon is killed at each point of a prune: nothing half is left, nothing in use is gone, and the next prune goes through. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { until } from "../support/until.ts";
import { withWorld, type World } from "../support/world.ts";
import { findLeftovers } from "../support/world-state.ts";

setDefaultTimeout(400_000);

const PRUNE = ["system", "prune", "--yes", "--images", "--vms", "--older-than", "1ms", "--json"];

/** Things that a prune removes: of each kind one. */
async function plant(world: World, image: string, kernel: string): Promise<void> {
  copyGoods(world, [
    ["images", image],
    ["images", image, "spare"],
  ]);
  await world.ok(["vm", "create", "old", "--no-start", "--kernel", kernel]);
  // Made ahead for the next vm, behind the back of who made this one.
  const blanks = join(world.folder, "state/banger/blanks");
  await until("a blank is made", () => existsSync(blanks) && readdirSync(blanks).some((name) => name.startsWith("blank-")));
  const old = [join(world.folder, "cache/banger/downloads/sha256-00"), join(world.folder, "cache/banger/agents/banger-agent-00")];
  for (const path of old) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "x");
  }
}

test("a daemon that is killed while it prunes leaves each thing whole or gone", async () => {
  const goods = await openGoods();
  await withWorld({ isolatedGoods: true, isolatedCache: true, config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
    const control = join(world.folder, "control");
    const recorded = join(world.folder, "recorded");
    const armed = { BANGER_FAILPOINTS: control };
    copyGoods(world, [["kernels", goods.kernel]]);
    await plant(world, goods.image, goods.kernel);
    await world.banger(["daemon", "stop"]);
    await world.ok(["ps"], { env: armed });
    writeFileSync(control, JSON.stringify({ record: recorded }));
    await world.ok(PRUNE);
    writeFileSync(control, "");
    const points = [...new Set(readFileSync(recorded, "utf8").trimEnd().split("\n"))];
    expect(points.length).toBeGreaterThan(10);

    for (const point of points) {
      await plant(world, goods.image, goods.kernel);
      await world.banger(["daemon", "stop"]);
      await world.ok(["ps"], { env: armed });
      const killed = world.daemonPid();
      rmSync(`${control}.fired`, { force: true });
      writeFileSync(control, JSON.stringify({ point, nth: 1, action: "kill" }));
      await world.banger(PRUNE);
      expect({ point, hasFired: existsSync(`${control}.fired`) }).toEqual({ point, hasFired: true });
      // A daemon that is killed is found for a moment longer.
      await until("the killed daemon has ended", () => world.daemonPid() !== killed);
      const { problems } = await world.json<{ problems: unknown }>(["kernel", "show", goods.kernel]);
      expect({ point, problems, leftovers: findLeftovers(world) }).toEqual({ point, problems: [], leftovers: [] });
      for (const image of (await world.json<{ images: { problems: unknown }[] }>(["image", "list"])).images)
        expect(image.problems).toEqual([]);
      expect(readdirSync(join(world.folder, "data/banger/images")).filter((name) => name.startsWith("."))).toEqual([]);
      // The image of a vm can go when the vm is gone.
      for (const _again of [1, 2]) await world.ok(PRUNE);
      const left = { ...(await world.json(["image", "list"])), ...(await world.json(["ps"])) };
      expect({ point, left }).toEqual({ point, left: { images: [], vms: [] } });
    }
  });
});
