/**
 * systemd in a guest of an image without it: installed by Debian's own apt, from its real archive, at the first start.
 * That takes an emulated guest minutes: one that is cut off once is the sample. With BANGER_TEST_FULL it is cut off twice, and there is another.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { BARE, openInitImages } from "../support/init-images.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { isFull } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(1_200_000);

/** An emulated guest installs for a minute or two, and for longer where others work, too. */
const INSTALL_MS = 900_000;

let world: World;
let shape: readonly string[];

beforeAll(async () => {
  await openInitImages();
  const { kernel } = await openGoods();
  world = await openWorld();
  shape = ["--image", BARE, "--kernel", kernel, "--init", "systemd", "--memory", "512M", "--disk", "2G", "--work-disk", "256M"];
});
afterAll(async () => closeWorld(world));

async function sh(vm: string, script: string): Promise<string> {
  return (await world.ok(["vm", "exec", vm, "--", "sh", "-c", script], { timeoutMs: 120_000 })).trim();
}

/** Waits until the package manager has come so far. */
async function untilItSays(vm: string, what: string): Promise<void> {
  const saysSo = async (): Promise<boolean> => {
    const logs = await world.banger(["logs", vm, "--source", "agent", "--tail", "400"]);
    return logs.code === 0 && logs.stdout.includes(what);
  };
  for (const deadline = Date.now() + INSTALL_MS; !(await saysSo()); await Bun.sleep(200)) {
    if (Date.now() > deadline) throw new Error(`${vm} never says ${what}`);
  }
}

const RECORD = "cat /var/lib/banger/installed-init.json";
const UNTIL_SSHD = "until systemctl -q is-active ssh; do sleep 0.5; done";
const IDENTITY = "cat /etc/machine-id; cut -d ' ' -f 2 /etc/ssh/ssh_host_*_key.pub";

test("without a network it is refused, with what to type, and leaves nothing", async () => {
  const refused = await world.banger(["vm", "create", "apart", ...shape]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("the image has no systemd: there is no program at /usr/lib/systemd/systemd, ");
  expect(refused.stderr).toContain("it can be installed from the internet, to which this vm has no way out");
  expect(refused.stderr).toContain("try: --nat");
  expect(await world.json(["vm", "list"])).toEqual({ vms: [] });
});

test("a package manager that cannot do it is told with its own words, and leaves nothing", async () => {
  const failed = await world.banger(["vm", "create", "cut", "--nat", ...shape, "--env", "http_proxy=http://127.0.0.1:1"], {
    timeoutMs: INSTALL_MS,
  });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("cannot start vm cut: cannot install systemd by the package manager of debian: ");
  expect(failed.stderr).toMatch(/its last word: E: .*\n/);
  expect(await world.json(["vm", "list"])).toEqual({ vms: [] });
});

test("it is installed once, whoever is killed meanwhile, and every vm is somebody else", async () => {
  await world.ok(["vm", "create", "one", "--no-start", "--nat", ...shape]);
  if (isFull) await interruptOne();

  // Half of systemd is there, and so is its program, when the daemon dies and the guest with it.
  const dying = Bun.spawn([world.program, "vm", "start", "one"], { env: world.environment, stdout: "pipe", stderr: "pipe" });
  await untilItSays("one", "install: Unpacking openssh-server");
  await killDaemon(world);
  await dying.exited;
  const started = await world.banger(["vm", "start", "one"], { timeoutMs: INSTALL_MS });
  expect(started.stderr).toMatch(/^note: image debian-bare has no systemd: it is installed now, once; banger logs -f one shows how$/m);
  expect(started.stderr).toMatch(/^install {2}.* {2}\(systemd, by the package manager of debian\)$/m);
  expect(started.code).toBe(0);

  expect(await sh("one", "cat /proc/1/comm")).toBe("systemd");
  expect(JSON.parse(await sh("one", RECORD))).toEqual({ init: "systemd", family: "debian", state: "done", at: expect.any(Number) });
  await sh("one", UNTIL_SSHD);
  expect(await sh("one", "systemctl --failed --plain --no-legend; dpkg --audit; ls /usr/sbin/policy-rc.d 2>/dev/null || true")).toBe("");
  // Units for devices that never come.
  expect(await sh("one", "systemctl is-enabled dev-hvc0.device console-getty.service | sort -u")).toBe("masked-runtime");
  const identity = await sh("one", IDENTITY);
  const record = await sh("one", RECORD);
  await world.ok(["vm", "stop", "--grace", "90s", "one"], { timeoutMs: 180_000 });
  const again = await world.banger(["vm", "start", "one"], { timeoutMs: 300_000 });
  expect(again.stderr).not.toContain("install");
  expect(await sh("one", "cat /proc/1/comm")).toBe("systemd");
  expect(await sh("one", RECORD)).toBe(record);
  await sh("one", UNTIL_SSHD);
  expect(await sh("one", IDENTITY)).toBe(identity);

  if (isFull) await compareWithAnother(identity);
});

/** Somebody does not want to wait. */
async function interruptOne(): Promise<void> {
  const impatient = Bun.spawn([world.program, "vm", "start", "one"], { env: world.environment, stdout: "pipe", stderr: "pipe" });
  await untilItSays("one", "install: Get:");
  impatient.kill("SIGINT");
  expect(await impatient.exited).not.toBe(0);
  await until("one is stopped", async () => (await world.json<{ state: string }>(["vm", "show", "one"])).state === "stopped");
}

async function compareWithAnother(identity: string): Promise<void> {
  await world.ok(["vm", "create", "two", "--nat", ...shape], { timeoutMs: INSTALL_MS });
  await sh("two", UNTIL_SSHD);
  const [ids, others] = [identity.split("\n"), (await sh("two", IDENTITY)).split("\n")];
  expect(ids).toHaveLength(2);
  expect(others).toHaveLength(2);
  for (const [at, id] of ids.entries()) expect(others[at]).not.toBe(id);
  const { stages } = await world.json<{ stages: { stage: string }[] }>(["vm", "show", "two"]);
  expect(stages.map(({ stage }) => stage)).toContain("install");
}
