/** Pausing with the fake driver, whose guest is a process: what is true of it must be true after the daemon's death, too. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { openGoods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { BANGER, closeWorld, openWorld, type World } from "../support/world.ts";
import { hasEnded } from "../support/until-ended.ts";
import { findLeftovers } from "../support/world-state.ts";

setDefaultTimeout(60_000);

interface Shown {
  readonly state: string;
  readonly pid: number;
}

let world: World;
const show = (): Promise<Shown> => world.json<Shown>(["vm", "show", "dev"]);
const standsStill = (pid: number): boolean => / T /.test(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\)/, ""));

beforeAll(async () => {
  const goods = await openGoods();
  world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
  await world.ok(["vm", "create", "dev", "--kernel", goods.kernel]);
});
afterAll(async () => closeWorld(world));

test("a paused guest stands still, takes no commands, and says what to type", async () => {
  const { pid } = await show();
  expect(await world.ok(["pause", "dev"])).toBe("vm dev is paused; let it go on with: banger resume dev\n");
  expect([await show(), standsStill(pid)]).toEqual([expect.objectContaining({ state: "paused", pid }), true]);
  await world.ok(["pause", "dev"]);
  expect(await world.banger(["exec", "dev", "--", "true"])).toMatchObject({
    code: 125,
    stderr: "error: vm dev is not running: it is paused\ntry: banger vm resume dev\n",
  });
  expect(await world.banger(["start", "dev"])).toMatchObject({ code: 1, stderr: expect.stringContaining("try: banger vm resume dev") });
  expect(await world.banger(["rm", "dev"])).toMatchObject({ code: 1, stderr: expect.stringContaining("--force") });
  expect((await world.json<{ vms: readonly Shown[] }>(["ps"])).vms.map(({ state }) => state)).toEqual(["paused"]);
});

test("it is found paused after the daemon's death, and goes on", async () => {
  const { pid } = await show();
  await killDaemon(world);
  expect(await show()).toMatchObject({ state: "paused", pid });
  expect(standsStill(pid)).toBe(true);
  const { stderr, stdout } = await world.banger(["resume", "dev"]);
  expect(stdout).toBe("vm dev is running; open a shell with: banger shell dev\n");
  expect(stderr).toMatch(/^resume {2}\S+ ms\nclock {2}.*\(right\)\n$/m);
  expect(standsStill(pid)).toBe(false);
  expect(await world.ok(["exec", "dev", "--", "echo", "here"])).toBe("here\n");
  await world.ok(["resume", "dev"]);
});

test("what a daemon's death left undone of a pause or a resume is done by the next", async () => {
  const { pid } = await show();
  await world.ok(["pause", "dev"]);
  await killDaemon(world);
  process.kill(pid, "SIGCONT");
  await show();
  expect(standsStill(pid)).toBe(true);
  expect((await world.banger(["resume", "dev"])).stderr).toContain("(right)");
  await killDaemon(world);
  process.kill(pid, "SIGSTOP");
  expect((await show()).state).toBe("running");
  expect(standsStill(pid)).toBe(false);
  expect(await world.ok(["exec", "dev", "--", "echo", "here"])).toBe("here\n");
});

test("a command under way outlives a pause", async () => {
  const child = spawn(BANGER, ["exec", "-i", "dev", "--", "sh", "-c", "echo ready; read line; echo $line"], { env: world.environment });
  let said = "";
  const ready = Promise.withResolvers<void>();
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString();
    if (said.includes("ready")) ready.resolve();
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  await ready.promise;
  await world.ok(["pause", "dev"]);
  child.stdin.end("typed while it stood still\n");
  await world.ok(["resume", "dev"]);
  expect(await closed).toBe(0);
  expect(said).toBe("ready\ntyped while it stood still\n");
});

test("a paused vm stops when asked, by itself and by force", async () => {
  await world.ok(["pause", "dev"]);
  const stopped = await world.banger(["stop", "dev", "--grace", "30s"]);
  expect(stopped).toMatchObject({ code: 0, stdout: "vm dev is stopped\n" });
  expect(Number(/power off {2}([\d.]+) (?:ms|s)/.exec(stopped.stderr)?.[1])).toBeGreaterThan(0);
  expect(await world.banger(["pause", "dev"])).toMatchObject({
    code: 1,
    stderr: "error: cannot pause vm dev: it is not running, but stopped\n",
  });
  await world.ok(["start", "dev"]);
  await world.ok(["pause", "dev"]);
  await world.ok(["kill", "dev"]);
  expect((await show()).state).toBe("stopped");
  await world.ok(["start", "dev"]);
  await world.ok(["pause", "dev"]);
  const { pid } = await show();
  await world.ok(["rm", "--force", "dev"]);
  expect([hasEnded(pid), findLeftovers(world)]).toEqual([true, []]);
});
