/** Changing and renaming vms with the fake driver, which grows no disk while it runs: what is not given at once is at the next start. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGoods, type Goods } from "../support/goods.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";
import { findLeftovers } from "../support/world-state.ts";

setDefaultTimeout(60_000);

const GIB = 2 ** 30;

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly pending: readonly { readonly what: string; readonly now: string; readonly next: string }[];
  readonly disks: { readonly layer: { readonly bytes: number }; readonly work: { readonly bytes: number } };
}

let goods: Goods;
let world: World;
const show = (ref = "dev"): Promise<Shown> => world.json<Shown>(["vm", "show", ref]);
const fileOf = ({ id }: Shown, disk: "layer" | "work"): string => join(world.folder, "state/banger/vms", id, `${disk}.ext4`);
const failure = async (...words: string[]): Promise<{ code: number; stderr: string }> => world.banger(words);

beforeAll(async () => {
  goods = await openGoods();
  world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
  await world.ok([
    "vm",
    "create",
    "dev",
    "--kernel",
    goods.kernel,
    "--disk",
    "1G",
    "--work-disk",
    "1G",
    "--label",
    "team=blue",
    "--env",
    "A=1",
  ]);
});
afterAll(async () => closeWorld(world));

test("what a running guest can take it has at once", async () => {
  expect(await world.ok(["set", "dev", "--env", "A-", "--env", "B=2", "--label", "team-", "--label", "owner=me"])).toBe("changed vm dev\n");
  expect(await show()).toMatchObject({ labels: { owner: "me" }, pending: [] });
  expect(await world.ok(["exec", "dev", "--", "sh", "-c", "echo ${A-none} $B"])).toBe("none 2\n");
});

test("the rest it has from its next start on, which is said", async () => {
  const said = await world.ok(["set", "dev", "--cpus", "2", "--memory", "512M", "--work-disk", "2G"]);
  expect(said).toBe(
    "changed vm dev\ntakes effect at the next start: cpus 2, memory 512 MiB, work disk 2 GiB\ntry: banger vm stop dev && banger vm start dev\n",
  );
  const shown = await show();
  expect(shown.pending).toContainEqual({ what: "cpus", now: "1", next: "2" });
  expect(statSync(fileOf(shown, "work")).size).toBe(2 * GIB);
  await world.ok(["stop", "dev"]);
  expect((await show()).pending).toEqual([]);
  await world.ok(["start", "dev"]);
  expect(await show()).toMatchObject({ cpus: 2, memoryMiB: 512, pending: [], disks: { work: { bytes: 2 * GIB } } });
});

test("a change by the rules of a new vm is refused, and then nothing has changed", async () => {
  const before = await show();
  const small = await failure("set", "dev", "--disk", "512M", "--label", "x=y");
  expect(small.code).toBe(1);
  expect(small.stderr).toContain("cannot change vm dev: the root's disk has 1 GiB and cannot be made smaller");
  expect(small.stderr).toContain("try: --disk 1G or more");
  const several = await failure("set", "dev", "--cpus", "200", "--memory", "1M");
  expect(several).toMatchObject({ code: 1, stderr: expect.stringMatching(/2 things are wrong\n.*200 cpus.*\n.*too little to boot/s) });
  expect(await failure("set", "dev")).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: there is nothing to change$/m) });
  expect(await show()).toEqual(before);
});

test("a change that was cut off is made good by the next start", async () => {
  await world.ok(["set", "dev", "--disk", "2G"]);
  const shown = await show();
  // As if the daemon had died before it touched the file.
  await world.ok(["stop", "dev"]);
  truncateSync(fileOf(shown, "layer"), GIB);
  await world.ok(["start", "dev"]);
  expect(statSync(fileOf(shown, "layer")).size).toBe(2 * GIB);
});

test("a rename keeps the id and everything else, and refuses a name that is taken", async () => {
  await world.ok(["vm", "create", "other", "--kernel", goods.kernel, "--no-start"]);
  const before = await show();
  expect(await failure("rename", "dev", "other")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("there is one of that name already"),
  });
  expect(await failure("rename", "dev", "No Name")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("NEW `No Name`: a vm name has"),
  });
  expect(await world.ok(["rename", "dev", "prod"])).toBe("the vm is called prod now\n");
  expect(await show("prod")).toMatchObject({ id: before.id, state: "running", pending: [] });
  expect((await failure("vm", "show", "dev")).code).toBe(1);
  expect(await world.ok(["exec", "prod", "--", "echo", "here"])).toBe("here\n");
  const { operations } = await world.json<{ operations: readonly { name: string; subject: string }[] }>(["operation", "list"]);
  expect(operations[0]).toMatchObject({ name: "vm.rename", subject: "prod" });
  await world.ok(["rename", before.id, "dev"]);
  await world.ok(["rename", "dev", "dev"]);
  await world.ok(["rm", "other"]);
});

test("a paused guest gets it when it goes on", async () => {
  await world.ok(["pause", "dev"]);
  expect(await world.ok(["set", "dev", "--env", "C=3"])).toContain("takes effect at the next start: environment B=2 C=3");
  await world.ok(["rename", "dev", "still"]);
  await world.ok(["resume", "still"]);
  expect((await show("still")).pending).toEqual([]);
  expect(await world.ok(["exec", "still", "--", "sh", "-c", "echo $C"])).toBe("3\n");
  await world.ok(["rename", "still", "dev"]);
});

test("the daemon's death at any moment of a change leaves a vm that can be changed and started", async () => {
  const { id } = await show();
  const control = join(world.folder, "failpoint");
  const environment = { BANGER_FAILPOINTS: control };
  await world.ok(["daemon", "stop"]);
  const change = ["set", id, "--env", "D=4", "--memory", "600M", "--work-disk", "3G"];
  writeFileSync(control, JSON.stringify({ record: join(world.folder, "points") }));
  await world.ok(["daemon", "start"], { env: environment });
  await world.ok([...change.slice(0, -1), "2560M"], { env: environment });
  const points = [...new Set((await Bun.file(join(world.folder, "points")).text()).trim().split("\n"))].filter((point) =>
    /(?:UPDATE vms|files\.grow|INSERT operation)/.test(point),
  );
  expect(points.length).toBeGreaterThan(4);
  for (const [index, point] of points.entries()) {
    writeFileSync(control, JSON.stringify({ point, nth: 1, action: "kill" }));
    const bytes = 3 * GIB + index * 2 ** 20;
    await world.banger([...change.slice(0, -1), String(bytes)], { env: environment });
    rmSync(control, { force: true });
    const again = await world.banger([...change.slice(0, -1), String(bytes)], { env: environment });
    expect({ point, code: again.code, stderr: again.code === 0 ? "" : again.stderr }).toEqual({ point, code: 0, stderr: "" });
    const shown = await show(id);
    expect({ point, size: statSync(fileOf(shown, "work")).size, state: shown.state }).toEqual({ point, size: bytes, state: "running" });
  }
  await world.ok(["daemon", "stop"]);
  await world.ok(["stop", id]);
  await world.ok(["start", id]);
  expect(await show(id)).toMatchObject({ memoryMiB: 600, pending: [], name: "dev" });
  expect(findLeftovers(world)).toEqual([]);
  expect(existsSync(`${control}.fired`)).toBe(true);
});
