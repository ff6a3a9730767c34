/** Guests and VMMs that go wrong, and people who change their minds: one clear error each, and nothing left. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { untilQuiet } from "../support/until-quiet.ts";
import { listVms } from "../support/world-state.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { BANGER, closeWorld, openWorld, processesOf, type World } from "../support/world.ts";
import { makeSilentKernel } from "../support/silent-kernel.ts";

setDefaultTimeout(180_000);

/** In the shared store, and gone at the end. */
const SILENT = `silent-${process.pid}`;
let goods: Goods;
let world: World;

const vmms = (): ReturnType<typeof processesOf> =>
  processesOf(world.folder).filter(({ words }) => words.some((word) => word.startsWith("guest=banger-")));

async function expectNothing(): Promise<void> {
  expect(listVms(world)).toEqual([]);
  expect(await untilQuiet(world)).toEqual([]);
}

/** A command that runs on while the test does something else. */
function start(words: readonly string[]): {
  readonly interrupt: () => void;
  readonly ended: Promise<{ code: number | null; stderr: string }>;
} {
  const child = spawn(BANGER, words, { env: world.environment, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => child.once("close", (code) => resolve({ code, stderr })));
  return { interrupt: () => child.kill("SIGINT"), ended };
}

beforeAll(async () => {
  goods = await openGoods();
});

describe("a guest that never answers", () => {
  beforeAll(async () => {
    world = await openWorld({ config: '[defaults]\nboot_deadline = "5s"\n' });
    const folder = join(world.folder, "kernel");
    mkdirSync(folder);
    writeFileSync(join(folder, "vmlinux"), makeSilentKernel("the kernel came this far\r\n"));
    await world.ok(["kernel", "import", SILENT, "--from", folder]);
  });
  afterAll(async () => {
    await world.banger(["kernel", "delete", SILENT]);
    await closeWorld(world);
  });

  test("is given up at the deadline, with its last lines", async () => {
    const { code, stdout, stderr } = await world.banger(["vm", "create", "dev", "--kernel", SILENT]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/\nerror: cannot start vm dev: cannot reach the guest agent: it did not answer in 5 s\n/);
    expect(stderr).toMatch(/\n {2}\| the kernel came this far\ntry: .*boot_deadline/);
    expect(stderr.match(/error:/g)).toHaveLength(1);
    await expectNothing();
  });

  test("is not waited for after Ctrl-C", async () => {
    const create = start(["vm", "create", "dev", "--kernel", SILENT]);
    await until("a VMM", () => vmms().length === 1);
    create.interrupt();
    const { code, stderr } = await create.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/error: vm create dev was cancelled\n$/);
    await expectNothing();
  });

  test("leaves its vm stopped when its start is cancelled, or when somebody stops it", async () => {
    await world.ok(["vm", "create", "dev", "--kernel", SILENT, "--no-start"]);
    const cancelled = start(["vm", "start", "dev"]);
    await until("a VMM", () => vmms().length === 1);
    cancelled.interrupt();
    expect((await cancelled.ended).code).toBe(130);
    expect(await world.json(["vm", "show", "dev"])).toMatchObject({ state: "stopped", problems: [], pid: null });

    const starting = start(["vm", "start", "dev"]);
    await until("a VMM", () => vmms().length === 1);
    expect(await world.json(["vm", "stop", "dev"])).toMatchObject({ state: "stopped", problems: [], pid: null });
    expect(await starting.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("vm dev was stopped while it started") });
    expect(await untilQuiet(world)).toEqual([]);
    await world.ok(["vm", "delete", "dev"]);
    await expectNothing();
  });

  test("of one name is made once, however many ask at the same time", async () => {
    const all = await Promise.all([1, 2, 3].map(() => world.banger(["vm", "create", "dev", "--kernel", SILENT, "--no-start", "--json"])));
    const codes = all.map(({ stdout }) => (JSON.parse(stdout) as { error?: { code: string } }).error?.code ?? "made");
    expect(codes.toSorted()).toEqual(["made", "vm_exists", "vm_exists"]);
    expect(listVms(world)).toHaveLength(1);
    expect(await untilQuiet(world)).toEqual([]);
    await world.ok(["vm", "delete", "dev"]);
    await expectNothing();
  });
});

describe("a VMM that ends at once", () => {
  test("is one error with its last words, and leaves nothing", async () => {
    const qemu = join("/tmp", `bw-qemu-${process.pid}`);
    writeFileSync(
      qemu,
      '#!/bin/sh\ncase "$*" in *guest=banger-*) echo "cannot go on: no wheels" >&2; exit 3 ;; esac\nexec qemu-system-x86_64 "$@"\n',
    );
    chmodSync(qemu, 0o755);
    world = await openWorld({ config: `[drivers]\nqemu_binary = "${qemu}"\n`, isolatedCache: true });
    try {
      const { code, stderr } = await world.banger(["vm", "create", "dev", "--kernel", goods.kernel]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/\nerror: cannot start the VMM of dev: QEMU ended with code 3: cannot go on: no wheels\n/);
      await expectNothing();
    } finally {
      await closeWorld(world);
      rmSync(qemu);
    }
  });
});

describe("an ephemeral vm", () => {
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(async () => closeWorld(world));

  test("whose guest hangs is stopped at once by kill, though a stop waits for it, and is gone then", async () => {
    const { pid } = await world.json<{ pid: number }>(["vm", "create", "slow", "--kernel", goods.kernel, "--ephemeral"]);
    process.kill(pid, "SIGSTOP");
    const began = performance.now();
    const stop = world.banger(["vm", "stop", "slow", "--grace", "2m"]);
    await until("stopping", () => listVms(world)[0]?.state === "stopping");
    expect(await world.banger(["vm", "kill", "slow"])).toMatchObject({ code: 0, stdout: "vm slow is stopped\n" });
    expect(await stop).toMatchObject({ code: 0, stdout: "vm slow is stopped\n" });
    expect(performance.now() - began).toBeLessThan(30_000);
    await expectNothing();
  });

  test("is gone when its guest powers itself off", async () => {
    await world.ok(["vm", "create", "brief", "--kernel", goods.kernel, "--ephemeral"]);
    await world.ok(["vm", "exec", "brief", "--", "sh", "-c", "(sleep 0.2; kill -USR2 1) >/dev/null 2>&1 &"]);
    await until("gone", () => listVms(world).length === 0);
    await expectNothing();
  });

  test("runs one command, passes its code on, and is gone", async () => {
    const { code, stdout, stderr } = await world.banger(["vm", "run", "--kernel", goods.kernel, "--ephemeral", "--", "false"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).not.toContain("error");
    await expectNothing();
  });

  test("gives its command a terminal of the right size", async () => {
    const command = `stty rows 33 cols 101; ${BANGER} vm run -t --kernel ${goods.kernel} --ephemeral -- sh -c 'tty; stty size; exit 9'`;
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      env: { ...world.environment, TERM: "xterm" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let shown = "";
    child.stdout.on("data", (part: Buffer) => (shown += part.toString()));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(9);
    expect(shown).toMatch(/\/dev\/(pts\/|tty)\S*\r+\n33 101\r+\n/);
    await expectNothing();
  });
});
