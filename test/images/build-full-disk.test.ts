/** Images made of real guests, on disks that fill up: while the guest gives its root away, and while it writes. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { makeRoot, MIB } from "../support/made-disks.ts";
import { openSmallDisks, type SmallDisks } from "../support/small-disks.ts";
import { until } from "../support/until.ts";
import { closeWorld, openWorld, SHARED, type Ran, type World } from "../support/world.ts";

setDefaultTimeout(300_000);

/** Of the root and of root's home each; nothing makes it smaller. */
const PART_BYTES = 3 * MIB;
/** More than the daemon has in reserve for its own, and gives away where nothing else is free. */
const WRITTEN_BYTES = 16 * MIB;

const home = mkdtempSync("/tmp/banger-full-");
const [store, state, root, recipe] = ["store", "state", "root", "recipe.toml"].map((name) => join(home, name)) as [
  string,
  string,
  string,
  string,
];
let disks: SmallDisks;
let world: World;

beforeAll(async () => {
  const { kernel } = await openGoods();
  for (const path of [store, state]) mkdirSync(path);
  disks = await openSmallDisks(store, state);
  disks.run(`mkdir -p -m 700 ${store}/data/banger/kernels && cp -a ${SHARED}/data/banger/kernels/${kernel} ${store}/data/banger/kernels`);
  world = await openWorld({
    prefix: disks.argv([]),
    env: { XDG_DATA_HOME: `${store}/data`, XDG_CACHE_HOME: `${store}/cache`, XDG_STATE_HOME: state },
  });
  makeRoot(root);
  for (const folder of ["srv", "root"]) writeFileSync(join(root, folder, "content"), randomBytes(PART_BYTES));
  await world.ok(["image", "import", "base", "--from", root, "--kernel-ref", kernel]);
  await world.ok(["vm", "create", "dev", "--image", "base"]);
});
afterAll(async () => {
  await closeWorld(world);
  await disks[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function expectRefused(ran: Ran, disk: string): Promise<void> {
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(new RegExp(`^error: cannot (?:promote vm dev|(?:make|build) image \\w+): the disk that holds ${disk}`, "m"));
  disks.typeHint(ran.stderr);
  const { uses } = await world.json<{ uses: readonly { kind: string; count: number }[] }>(["system", "df"]);
  expect(uses.find(({ kind }) => kind === "leftover")).toMatchObject({ count: 0 });
  expect(disks.run(`ls -A ${store}/data/banger/images ${state}/banger/vms | wc -l`)).toBe("5");
  // What waited for room itself goes on.
  const whole = async () => (await world.json<{ problems: unknown[] }>(["vm", "show", "dev"])).problems.length === 0;
  await until("dev goes on", whole);
  expect(await world.json(["vm", "list"])).toMatchObject({ vms: [{ name: "dev", state: "running" }] });
  expect(await world.ok(["exec", "dev", "--", "cat", "/srv/page"])).toBe("hello\n");
}

test("a promotion says which disk is full, leaves nothing, and is done when there is room", async () => {
  const promote = () => world.banger(["image", "promote", "dev", "promoted"]);
  for (const [disk, free] of [
    [state, 0],
    // In the middle of the root, and of the work seed.
    [store, PART_BYTES],
    [store, 2 * PART_BYTES],
  ] as const) {
    disks.leaveFree(disk, free);
    const ran = await promote();
    disks.leaveFree(disk, undefined);
    await expectRefused(ran, disk);
  }
  expect(await promote()).toMatchObject({ code: 0 });
  await world.ok(["vm", "create", "next", "--image", "promoted"]);
  const sums = (vm: string) => world.ok(["exec", vm, "--", "/bin/busybox", "sha256sum", "/srv/content", "/root/content"]);
  expect(await sums("next")).toBe(await sums("dev"));
  await world.ok(["vm", "delete", "--force", "next"]);
  await world.ok(["image", "delete", "promoted"]);
});

test("a build whose guest finds no room to write says so, leaves nothing, and is done when there is room", async () => {
  const wait = "until [ -e /go ]; do /bin/busybox sleep 0.1; done";
  const step = `${wait}; /bin/busybox head -c ${WRITTEN_BYTES} /dev/urandom > /srv/more; /bin/busybox sync`;
  writeFileSync(recipe, `network = false\n[[steps]]\nrun = ${JSON.stringify(step)}\n`);
  /** @param leaveRoom said when the guest runs and its step waits. */
  const build = async (leaveRoom: () => void): Promise<Ran> => {
    const building = world.banger(["image", "build", "built", "--from-image", "base", "-f", recipe]);
    let workshop = "";
    await until("it is built", async () => {
      const { vms } = await world.json<{ vms: readonly { name: string; state: string }[] }>(["vm", "list"]);
      workshop = vms.find((vm) => vm.name.startsWith("workshop-") && vm.state === "running")?.name ?? "";
      return workshop !== "";
    });
    leaveRoom();
    const told = world.banger(["exec", workshop, "--", "/bin/busybox", "touch", "/go"]);
    const ran = await building;
    await told;
    return ran;
  };
  const refused = await build(() => disks.leaveFree(state, 0));
  disks.leaveFree(state, undefined);
  await expectRefused(refused, state);
  expect(await build(() => undefined)).toMatchObject({ code: 0 });
});
