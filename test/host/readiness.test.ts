/** What a vm waits for before it is ready, with the fake driver: its guest is a process, so that ports and files are this computer's. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { readdirSync, symlinkSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openGoods, type Goods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { BANGER, closeWorld, openWorld, SHARED, type World } from "../support/world.ts";
import { untilQuiet } from "../support/until-quiet.ts";

setDefaultTimeout(60_000);

interface Shown {
  readonly state: string;
  readonly stages: readonly { readonly stage: string }[];
  readonly requirements: readonly {
    readonly name: string;
    readonly state: string;
    readonly elapsedMs: number | null;
    readonly why: string | null;
  }[];
}

let goods: Goods;
let world: World;
const show = (ref: string): Promise<Shown> => world.json<Shown>(["vm", "show", ref]);
const statesOf = ({ requirements }: Shown): readonly string[] => requirements.map(({ name, state }) => `${name}: ${state}`);
const create = (...words: string[]): ReturnType<World["banger"]> => world.banger(["vm", "create", "--kernel", goods.kernel, ...words]);

/** A command that runs on, with what it has said so far. */
function start(words: readonly string[]) {
  const child = spawn(BANGER, words, { env: world.environment, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => child.once("close", (code) => resolve({ code, said })));
  return { ended, interrupt: () => child.kill("SIGINT") };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await isSo()); await Bun.sleep(20)) if (Date.now() > deadline) throw new Error("never");
}

const isWaiting = (ref: string) => async (): Promise<boolean> =>
  (await world.banger(["vm", "show", ref, "--json"])).stdout.includes('"state":"waiting"');

/** An image like the one that is there, whose manifest declares requirements. */
function declare(name: string, requirements: readonly object[]): void {
  const images = join(world.folder, "goods/data/banger/images");
  mkdirSync(join(images, name));
  const original = join(SHARED, "data/banger/images", goods.image);
  for (const file of readdirSync(original)) {
    if (file === "manifest.json") {
      const manifest = JSON.parse(readFileSync(join(original, file), "utf8")) as object;
      writeFileSync(join(images, name, file), JSON.stringify({ ...manifest, requirements }));
    } else Bun.spawnSync(["cp", "--sparse=always", join(original, file), join(images, name, file)]);
  }
}

beforeAll(async () => {
  goods = await openGoods();
  world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
});
afterAll(async () => closeWorld(world));

test("without requirements nothing is waited for, and the list says so", async () => {
  await create("plain");
  expect(statesOf(await show("plain"))).toEqual(["agent answers: met", "guest settled: met"]);
  await world.ok(["rm", "--force", "plain"]);
});

test("a vm is ready when all is so, and can be used meanwhile", async () => {
  await using server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const flag = join(world.folder, "flag");
  const creating = start([
    "vm",
    "create",
    "web",
    "--kernel",
    goods.kernel,
    "--wait-for",
    `tcp:${port}`,
    "--wait-for",
    `file:${flag}`,
    "--wait-for",
    `command:test -e ${flag}`,
  ]);
  await until(async () => statesOf(await show("web").catch(() => ({ requirements: [] }) as never)).includes(`tcp:${port}: met`));
  expect(statesOf(await show("web"))).toEqual([
    "agent answers: met",
    "guest settled: met",
    `tcp:${port}: met`,
    `file:${flag}: waiting`,
    `command:test -e ${flag}: waiting`,
  ]);
  expect(await world.ok(["exec", "web", "--", "sh", "-c", `echo used > ${flag}; echo used`])).toBe("used\n");
  const { code, said } = await creating.ended;
  expect(code).toBe(0);
  expect(said).toMatch(/guest {2}\S+ m?s {2}\(5 of 5 requirements are met\)/);
  const shown = await show("web");
  expect(shown.requirements.every(({ state, elapsedMs }) => state === "met" && elapsedMs !== null)).toBe(true);
  expect(shown.stages.map(({ stage }) => stage)).toEqual(["network", "boot", "agent", "guest"]);
  const { operations } = await world.json<{ operations: readonly { id: string }[] }>(["operation", "list"]);
  expect(await world.ok(["operation", "events", operations[0]?.id ?? ""])).toMatch(/guest 2 of 5: waiting for tcp:/);
  // The same is waited for at the next start, and holds already.
  await world.ok(["stop", "web"]);
  await world.ok(["start", "web"]);
  expect(statesOf(await show("web"))[3]).toBe(`file:${flag}: met`);
  await world.ok(["rm", "--force", "web"]);
});

test("one that is not met is the failure, by its name, and its vm runs for somebody to look at", async () => {
  const { code, stdout, stderr } = await create(
    "late",
    "--wait-for",
    "file:/no/such/file",
    "--wait-for",
    "command:exit 3",
    "--wait-timeout",
    "400ms",
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /\nerror: vm late runs, but is not ready: (file:\/no\/such\/file: there is no such file|command:exit 3: it ended with code 3), after \d/,
  );
  expect(stderr).toMatch(/\ntry: banger shell late to look/);
  const shown = await show("late");
  expect(shown.state).toBe("running");
  expect(statesOf(shown)).toContain("guest settled: met");
  expect(shown.requirements.some(({ state, why }) => state === "failed" && why !== null)).toBe(true);
  expect(shown.requirements.some(({ state }) => state === "waiting")).toBe(false);
  expect(await world.ok(["exec", "late", "--", "echo", "here"])).toBe("here\n");
  expect(await world.banger(["start", "late"])).toMatchObject({ code: 0 });
  await world.ok(["rm", "--force", "late"]);
  expect(await untilQuiet(world)).toEqual([]);
});

test("an image's own requirements have its names and hints, and unit needs systemd", async () => {
  mkdirSync(join(world.folder, "goods/data/banger/images"), { recursive: true });
  symlinkSync(join(SHARED, "data/banger/kernels"), join(world.folder, "goods/data/banger/kernels"));
  const about = { deadlineMs: 300, hint: "banger exec NAME -- start-web" };
  declare("declaring", [{ kind: "file", path: "/no/such/file", name: "web server", ...about }]);
  const env = { XDG_DATA_HOME: join(world.folder, "goods/data") };
  const own = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
  try {
    expect(await own.ok(["image", "show", "declaring"], { env })).toMatch(/^requirements +web server$/m);
    const { code, stderr } = await own.banger(["vm", "create", "dev", "--image", "declaring", "--kernel", goods.kernel], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/not ready: web server: there is no such file, after .*\ntry: banger exec NAME -- start-web\n/);
    expect(
      await own.banger(["vm", "create", "two", "--wait-for", "unit:ssh", "--kernel", goods.kernel, "--image", "declaring"], { env }),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("try: --init systemd"),
    });
  } finally {
    await closeWorld(own);
  }
});

test("a run that is not ready leaves nothing when it is ephemeral", async () => {
  const { code, stderr } = await world.banger([
    "run",
    "--ephemeral",
    "--kernel",
    goods.kernel,
    "--wait-for",
    "tcp:1",
    "--wait-timeout",
    "200ms",
    "--",
    "true",
  ]);
  expect(code).toBe(125);
  expect(stderr).toContain("nothing listens on port 1");
  expect((await world.json<{ vms: readonly unknown[] }>(["ps"])).vms).toEqual([]);
  expect(await untilQuiet(world)).toEqual([]);
});

test("who cancels leaves nothing of a create, and a stopped vm of a start", async () => {
  const creating = start(["vm", "create", "gone", "--kernel", goods.kernel, "--wait-for", "tcp:1"]);
  await until(isWaiting("gone"));
  creating.interrupt();
  expect((await creating.ended).code).toBe(130);
  expect((await world.json<{ vms: readonly unknown[] }>(["ps"])).vms).toEqual([]);

  await create("dev", "--wait-for", "tcp:1", "--no-start");
  expect(statesOf(await show("dev"))).toEqual(["tcp:1: unknown"]);
  const starting = start(["start", "dev"]);
  await until(isWaiting("dev"));
  starting.interrupt();
  expect((await starting.ended).code).toBe(130);
  expect(await show("dev")).toMatchObject({ state: "stopped" });

  const again = start(["start", "dev"]);
  await until(isWaiting("dev"));
  await world.ok(["stop", "dev"]);
  expect((await again.ended).said).toContain("vm dev was stopped while it started");
  expect(await show("dev")).toMatchObject({ state: "stopped" });
  expect(await untilQuiet(world)).toEqual([]);
});

test("the daemon's death ends the waiting and not the vm", async () => {
  const starting = start(["start", "dev"]);
  await until(isWaiting("dev"));
  await killDaemon(world);
  expect((await starting.ended).code).toBe(1);
  const shown = await show("dev");
  expect([shown.state, statesOf(shown)[2]]).toEqual(["running", "tcp:1: unknown"]);
  expect(await world.ok(["exec", "dev", "--", "echo", "here"])).toBe("here\n");
});

test("a guest that dies while it is waited for is told as that", async () => {
  await world.ok(["stop", "dev"]);
  const starting = start(["start", "dev"]);
  await until(isWaiting("dev"));
  process.kill((await world.json<{ pid: number }>(["vm", "show", "dev"])).pid, "SIGKILL");
  const { code, said } = await starting.ended;
  expect([code, /its VMM ended/.test(said)]).toEqual([1, true]);
  await until(async () => (await show("dev")).state === "broken");
});
