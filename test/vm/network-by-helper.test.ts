/** What real guests of a user reach who may make no namespace, by the network helper that root has started: the same as others' guests. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ASK,
  FORBIDDEN,
  gatewayOf,
  GRANTED_PORT,
  HOST_ADDRESS,
  HOST_PUBLIC_ADDRESS,
  INTERNET_ADDRESS,
  NEIGHBOUR_ADDRESS,
  openNetworkWorld,
  SAID,
  SECRET_PORT,
  WEB_PORT,
  type NetworkWorld,
} from "../host/network-world.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { until } from "../support/until.ts";
import { BANGER, closeWorld, openWorld, SHARED, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

const SOMEBODY = 4242;
const OUT_OF_REACH = [
  ...["127.0.0.1", "198.19.255.1", "198.19.255.2", "198.19.0.1", HOST_ADDRESS, HOST_PUBLIC_ADDRESS],
  ...Object.values(FORBIDDEN),
];
/** What root's programs are is another file on each computer: these are the test's. */
const REFUSES = "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n";

interface Shown {
  readonly id: string;
  readonly pid: number;
  readonly state: string;
  readonly problems: readonly string[];
  readonly network: { readonly mode: string; readonly why: string; readonly address: string | null };
}

let goods: Goods;
let internet: NetworkWorld;
let world: World;
let helper: ChildProcess | undefined;

const run = (...command: readonly string[]): string => {
  const [program = "", ...words] = internet.argv(command);
  return execFileSync(program, words, { encoding: "utf8" });
};
const show = (name: string): Promise<Shown> => world.json<Shown>(["vm", "show", name]);
const ask = async (name: string, host: string, port: number): Promise<string> =>
  (await world.banger(["vm", "exec", name, "--", "timeout", "3", "bash", "-c", ASK, host, String(port)])).stdout;
const gatewayOfVm = async (name: string): Promise<string> => gatewayOf((await show(name)).network.address ?? "");
const namespaces = (): readonly string[] => run("sh", "-c", "ls /run/netns 2>/dev/null || true").split("\n").filter(Boolean);
const cards = (): readonly string[] =>
  run("ip", "-n", `banger-${SOMEBODY}`, "-br", "link")
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name.startsWith("bg"));
const claims = (): readonly string[] => readdirSync(join(world.folder, "run/banger/net/claims"));
const pastas = (): readonly string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      const words = execFileSync("cat", [`/proc/${pid}/cmdline`], { stdio: ["ignore", "pipe", "ignore"] }).toString();
      return /^\d+$/.test(pid) && words.includes(`/run/netns/banger-${SOMEBODY}\0`) && words.includes("--dns-forward");
    } catch {
      return false;
    }
  });

async function startHelper(): Promise<void> {
  const [program = "", ...words] = internet.argv(["/run/banger", "network", "helper", "--user", String(SOMEBODY)]);
  const child = spawn(program, words, { env: { PATH: process.env["PATH"], HOME: "/root" }, stdio: ["ignore", "pipe", "inherit"] });
  helper = child;
  const [said] = (await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => ["it has ended"])])) as [unknown];
  expect(String(said)).toContain(`serving uid ${SOMEBODY} at /run/banger-network/${SOMEBODY}.sock`);
}

/** The program of root's itself, not what started it. */
async function endHelper(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const child = helper;
  if (child === undefined) return;
  helper = undefined;
  const ended = once(child, "exit");
  run("pkill", `-${signal.slice(3)}`, "-xf", `/var/lib/banger-network/banger-nethelper serve ${SOMEBODY}`);
  await ended;
}

// As anybody else nobody else can be become.
describe.each(process.getuid?.() === 0 ? ["a user whom the kernel lets make no namespace"] : [])("guests of %s", () => {
  beforeAll(async () => {
    goods = await openGoods();
    internet = await openNetworkWorld();
    // What is made on the computer for the helper is the test's own.
    const setUp = `
      mount -t tmpfs tmpfs /run
      mount -t tmpfs tmpfs /var/lib
      mknod -m 666 /run/tun c 10 200 && mount --bind /run/tun /dev/net/tun
      touch /run/banger && mount --bind "$0" /run/banger
      printf '%s' "$1" > /run/unshare && chmod 755 /run/unshare && mount --bind /run/unshare "$(command -v unshare)"`;
    run("sh", "-ec", setUp, BANGER, REFUSES);
    const identity = [`--reuid=${SOMEBODY}`, `--regid=${SOMEBODY}`, "--clear-groups"];
    world = await openWorld({
      prefix: internet.argv(["setpriv", ...identity]),
      program: "/run/banger",
      isolatedGoods: true,
      isolatedCache: true,
    });
    for (const folder of ["data", "cache"]) execFileSync("cp", ["-a", "--sparse=always", join(SHARED, folder), join(world.folder, folder)]);
    execFileSync("chown", ["-R", `${SOMEBODY}:${SOMEBODY}`, world.folder]);
  });
  afterAll(async () => {
    await closeWorld(world);
    await endHelper("SIGTERM");
    await internet[Symbol.asyncDispose]();
  });

  test("are refused while there is no helper, and both ways to have one are named", async () => {
    const { code, stderr } = await world.banger(["vm", "create", "out", "--nat", "--kernel", goods.kernel]);
    expect(code).toBe(1);
    expect(stderr).toContain("no rootless namespace can be made: unshare: unshare failed: Operation not permitted");
    expect(stderr).toContain("sudo sysctl -w user.max_user_namespaces=15000");
    expect(stderr).toContain("sudo banger network helper");
    const asUser = await world.banger(["network", "helper", "--user", String(SOMEBODY)]);
    expect(asUser.stderr).toContain(`sudo banger network helper --user ${SOMEBODY}`);
    expect((await world.banger(["network", "helper", "--user", "root"])).stderr).toContain("root makes its own network");
    expect((await world.banger(["network", "helper", "--user", "nobody-of-that-name"])).stderr).toContain("there is no user");
    expect(await world.ok(["network", "helper", "--user", "4242", "--print"])).toContain(
      "ExecStart=/var/lib/banger-network/banger-nethelper serve 4242\nKillMode=process",
    );
  });

  test("have the network of others by the helper, and are shown so", async () => {
    await startHelper();
    const grants = ["--allow-host", String(GRANTED_PORT), "--allow-lan", NEIGHBOUR_ADDRESS];
    await world.ok(["vm", "create", "out", "--nat", ...grants, "--kernel", goods.kernel]);
    await world.ok(["vm", "create", "other", "--nat", "--kernel", goods.kernel]);
    expect((await show("out")).network).toMatchObject({
      mode: "rooted",
      why: "by root's network helper: no rootless namespace can be made: unshare: unshare failed: Operation not permitted",
    });
    const { findings } = JSON.parse((await world.banger(["doctor", "--json"])).stdout) as {
      findings: readonly { name: string; status: string; detail: string }[];
    };
    expect(findings.find(({ name }) => name === "network")).toMatchObject({ status: "fine", detail: expect.stringContaining("by root's") });
  });

  test("reach the outside and what they were granted, and nothing else", async () => {
    for (const name of ["out", "other"]) {
      expect(await ask(name, INTERNET_ADDRESS, WEB_PORT)).toEndWith(SAID);
      expect(await ask(name, "www.example.com", WEB_PORT)).toEndWith(SAID);
    }
    expect(await ask("out", await gatewayOfVm("out"), GRANTED_PORT)).toContain("hello");
    expect(await ask("out", NEIGHBOUR_ADDRESS, SECRET_PORT)).toContain("hello");
    const others = [await gatewayOfVm("out"), await gatewayOfVm("other"), ...OUT_OF_REACH];
    const answers = await Promise.all(others.map(async (host) => `${host}: ${await ask("other", host, SECRET_PORT)}`));
    expect(answers.filter((answer) => answer.includes("hello"))).toEqual([]);
    expect(await ask("other", await gatewayOfVm("other"), GRANTED_PORT)).not.toContain("hello");
    await world.ok(["vm", "set", "other", "--allow-host", String(GRANTED_PORT)]);
    expect(await ask("other", await gatewayOfVm("other"), GRANTED_PORT)).toContain("hello");
    const [vm] = (
      await world.json<{ vms: readonly { host: { network: { sentBytes: number } } }[] }>(["stats", "--interval", "100ms", "out"])
    ).vms;
    expect(vm?.host.network.sentBytes).toBeGreaterThan(500);
  });

  test("run in a VMM of the user's without rights, which is in no namespace", async () => {
    const { pid } = await show("out");
    const status = await Bun.file(`/proc/${pid}/status`).text();
    expect(status).toMatch(new RegExp(`^Uid:\\s+${SOMEBODY}\\s`, "m"));
    expect(status).toMatch(/^CapPrm:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(readlinkSync(`/proc/${pid}/ns/net`)).toBe(run("readlink", "/proc/self/ns/net").trim());
    const [pasta = ""] = pastas();
    expect(await Bun.file(`/proc/${pasta}/status`).text()).toMatch(new RegExp(`^Uid:\\s+${SOMEBODY}\\s+${SOMEBODY}\\s`, "m"));
  });

  test("keep their network when the helper, pasta and the daemon are killed, and a later helper takes it over", async () => {
    const before = await show("out");
    await endHelper("SIGKILL");
    await until("a problem", async () => (await show("out")).problems.some((problem) => problem.includes("network helper")));
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
    await killDaemon(world);
    expect(await show("out")).toMatchObject({ id: before.id, pid: before.pid });
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
    const failed = await world.banger(["vm", "set", "out", "--allow-host", "8081"]);
    expect(failed.stderr).toContain("sudo banger network helper");

    await startHelper();
    await until("no problem", async () => (await show("out")).problems.length === 0);
    process.kill(Number(pastas()[0]), "SIGKILL");
    await until("a way out", async () => (await ask("out", INTERNET_ADDRESS, WEB_PORT)).includes("hello"));
    expect(await ask("out", await gatewayOfVm("out"), GRANTED_PORT)).toContain("hello");
    expect(await ask("out", FORBIDDEN.router, SECRET_PORT)).not.toContain("hello");
    await killDaemon(world);
    await world.ok(["vm", "stop", "other"]);
    expect(claims()).toHaveLength(1);
    await world.ok(["vm", "start", "other"]);
    expect(await ask("other", "www.example.com", WEB_PORT)).toContain("hello");
    expect(pastas()).toHaveLength(1);
  });

  test("leave nothing when the last is deleted and the daemon has stopped", async () => {
    for (const name of ["out", "other"]) await world.ok(["vm", "delete", "--force", name]);
    expect(claims()).toEqual([]);
    await until("ready slots alone", () => cards().length <= 4);
    expect(JSON.parse((await world.banger(["doctor", "--json"])).stdout)).toMatchObject({ leftovers: [] });
    await world.ok(["daemon", "stop"]);
    await until("the end of the namespace", () => namespaces().length === 0);
    expect(pastas()).toEqual([]);
    expect(readdirSync(join(world.folder, "run/banger"))).not.toContain("net");
  });

  test("can be had by the config as well, and a helper that is told to end takes down what nobody uses", async () => {
    writeFileSync(join(world.folder, "config/banger/config.toml"), '[network]\nmode = "rooted"\n');
    await world.ok(["vm", "create", "out", "--nat", "--kernel", goods.kernel]);
    expect((await show("out")).network.why).toBe("the config says so, and root's network helper does it");
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
    await endHelper("SIGTERM");
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
    await world.ok(["vm", "delete", "--force", "out"]);
    await startHelper();
    await endHelper("SIGTERM");
    await until("the end of the namespace", () => namespaces().length === 0);
    const { stderr } = await world.banger(["vm", "create", "late", "--nat", "--kernel", goods.kernel]);
    expect(stderr).toContain("sudo banger network helper");
  });
});
