/** `vm stats` over vms of the fake driver, whose guests are real agents: one that stands still, one that listens, one that is gone. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

interface Stats {
  readonly name: string;
  readonly state: string;
  readonly diskBytes: number;
  readonly cpuPercent: number | null;
  readonly host: { readonly rssBytes: number; readonly pssBytes: number; readonly processes: readonly { readonly pid: number }[] } | null;
  readonly guest: { readonly uptimeMs: number } | null;
  readonly guestProblem: string | null;
}

let world: World;
const stats = async (...words: string[]): Promise<readonly Stats[]> =>
  (await world.json<{ vms: readonly Stats[] }>(["stats", "--interval", "200ms", ...words])).vms;

beforeAll(async () => {
  const { kernel } = await openGoods();
  world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
  for (const name of ["well", "still", "off"]) await world.ok(["vm", "create", name, "--kernel", kernel]);
  await world.ok(["stop", "off"]);
});
afterAll(async () => closeWorld(world));

test("a vm is shown with its cost and what its guest says; one that is off only when it is named", async () => {
  const all = await stats();
  expect(all.map(({ name }) => name)).toEqual(["well", "still"]);
  for (const { host, guest, guestProblem, diskBytes, cpuPercent } of all) {
    expect(host?.rssBytes).toBeGreaterThan(2 ** 20);
    expect(host?.pssBytes).toBeGreaterThan(0);
    expect(guest?.uptimeMs).toBeGreaterThan(0);
    expect(diskBytes).toBeGreaterThan(0);
    expect(cpuPercent).toBeNumber();
    expect(guestProblem).toBeNull();
  }
  expect(await stats("off", "well")).toMatchObject([
    { name: "off", state: "stopped", host: null, guest: null, guestProblem: "vm off is not running: it is stopped" },
    { name: "well", state: "running" },
  ]);
});

test("a guest that stands still is shown without its part, and keeps the others from nothing", async () => {
  const pid = (await stats("still"))[0]?.host?.processes[0]?.pid ?? 0;
  process.kill(pid, "SIGSTOP");
  try {
    const [well, still] = await stats();
    expect(well).toMatchObject({ name: "well", guestProblem: null });
    expect(still).toMatchObject({ name: "still", guest: null, guestProblem: "the guest did not answer within 2 s" });
    expect(still?.host?.rssBytes).toBeGreaterThan(0);
    const shown = await world.ok(["stats", "--interval", "200ms"]);
    expect(shown).toMatch(/^still( +\S.*?)? +- +-/m);
    expect(shown).toContain("still: the guest did not answer within 2 s\n");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  expect((await stats("still"))[0]?.guestProblem).toBeNull();
});

test("a vm that is not there is an error, and so are ports of one that is off", async () => {
  expect(await world.banger(["stats", "well", "nobody"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("there is no vm nobody"),
  });
  const refused = await world.banger(["ports", "off"]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("banger vm start off") });
});
