/** What real guests reach, in a small internet of the test's own: the outside, what they were granted, and nothing else. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
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
import { killDaemon } from "../support/kill-daemon.ts";
import { findLeftovers } from "../support/world-state.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { until } from "../support/until.ts";
import { closeWorld, openWorld, processesOf, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

interface Shown {
  readonly id: string;
  readonly pid: number;
  readonly problems: readonly string[];
  readonly network: { readonly mode: string; readonly address: string | null; readonly nat: boolean };
}

/** Every way to say "this computer", "my host" or "whoever is near", as a guest sees it. */
const HOSTILE = [
  ...["127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost", "0.0.0.0", "0", "2130706433", "[::1]", "::ffff:127.0.0.1"],
  ...["198.19.255.1", "198.19.255.2", "198.19.255.53", "198.19.0.1", "198.19.0.5", "255.255.255.255", "224.0.0.251"],
  ...[HOST_ADDRESS, `::ffff:${HOST_ADDRESS}`, HOST_PUBLIC_ADDRESS, "192.168.77.255"],
  ...Object.values(FORBIDDEN).filter((address) => address !== NEIGHBOUR_ADDRESS),
];
const MODE = process.getuid?.() === 0 ? "rooted" : "rootless";

let goods: Goods;
let internet: NetworkWorld;
let world: World;
const show = (name: string): Promise<Shown> => world.json<Shown>(["vm", "show", name]);
const exec = (name: string, ...words: string[]): ReturnType<World["banger"]> => world.banger(["vm", "exec", name, "--", ...words]);
const sh = async (name: string, script: string): Promise<string> => (await exec(name, "sh", "-c", `exec 2>&1; ${script}`)).stdout;
const ask = async (name: string, host: string, port: number): Promise<string> =>
  (await exec(name, "timeout", "3", "bash", "-c", ASK, host, String(port))).stdout;
/** Which of these answered a guest. */
const answering = async (name: string, hosts: readonly string[], port: number): Promise<readonly string[]> => {
  const answers = await Promise.all(hosts.map(async (host) => `${host}: ${await ask(name, host, port)}`));
  return answers.filter((answer) => answer.includes("hello"));
};
const addressOf = async (name: string): Promise<string> => (await show(name)).network.address?.replace(/\/.*/, "") ?? "";
const gatewayOfVm = async (name: string): Promise<string> => gatewayOf(await addressOf(name));
/** What keeps the network and what carries it out. */
const servants = (program: "cat" | "pasta") =>
  processesOf(world.folder).filter(
    ({ words }) => words[0]?.endsWith(program) === true && /\/run\/banger\/net\/|\/pasta\.log/.test(words.join(" ")),
  );
const claims = (): readonly string[] => readdirSync(join(world.folder, "run/banger/net/claims"));

describe("guests in a small internet", () => {
  beforeAll(async () => {
    goods = await openGoods();
    internet = await openNetworkWorld();
    world = await openWorld({ prefix: internet.argv([]) });
    const grants = ["--allow-host", String(GRANTED_PORT), "--allow-lan", NEIGHBOUR_ADDRESS];
    await world.ok(["vm", "create", "out", "--nat", ...grants, "--kernel", goods.kernel]);
    await world.ok(["vm", "create", "other", "--nat", "--kernel", goods.kernel]);
  });
  afterAll(async () => {
    await closeWorld(world);
    await internet[Symbol.asyncDispose]();
  });

  test("are shown with their mode, why it is that, their address, and what they may reach", async () => {
    const { network } = await show("out");
    expect(network).toMatchObject({ mode: MODE, nat: true, allowHost: [GRANTED_PORT], allowLan: [`${NEIGHBOUR_ADDRESS}/32`] });
    expect(network.address).toMatch(/^198\.19\.\d+\.\d+\/30$/);
    const text = await world.ok(["vm", "show", "out"]);
    expect(text).toMatch(new RegExp(`^network +${MODE}, 198\\.19\\.\\d+\\.\\d+/30, you are`, "m"));
    expect(text).toMatch(/^may reach +port 9090 of this computer's loopback, at its gateway, 192\.168\.77\.9\/32$/m);
    expect(claims()).toHaveLength(2);
  });

  test("reach the outside by address and by name, which the host's own stub answers", async () => {
    for (const name of ["out", "other"]) {
      expect(await ask(name, INTERNET_ADDRESS, WEB_PORT)).toEndWith(SAID);
      expect(await ask(name, "www.example.com", WEB_PORT)).toEndWith(SAID);
    }
    // By the search domain.
    expect(await ask("out", "www", WEB_PORT)).toEndWith(SAID);
  });

  test("reach nothing of the host, around it, or of each other", async () => {
    const near = [await addressOf("other"), await addressOf("out"), await gatewayOfVm("other"), await gatewayOfVm("out")];
    expect(await answering("out", [...HOSTILE, ...near], SECRET_PORT)).toEqual([]);
    expect(await answering("other", [...HOSTILE, ...near, NEIGHBOUR_ADDRESS], SECRET_PORT)).toEqual([]);
    // Refused, so that nobody has to wait.
    expect(await ask("other", FORBIDDEN.private10, SECRET_PORT)).toContain("Connection refused");
  });

  test("reach what they were granted, each its own", async () => {
    const gateway = await gatewayOfVm("out");
    expect(await ask("out", gateway, GRANTED_PORT)).toEndWith("hello from 127.0.0.1 to 127.0.0.1\n");
    expect(await ask("out", NEIGHBOUR_ADDRESS, SECRET_PORT)).toContain(`hello from ${NEIGHBOUR_ADDRESS}`);
    for (const address of [await gatewayOfVm("other"), gateway, "198.19.255.1"])
      expect(await ask("other", address, GRANTED_PORT)).not.toContain("hello");
    expect(await ask("other", NEIGHBOUR_ADDRESS, SECRET_PORT)).not.toContain("hello");
  });

  test("are granted more and less while they run, and a connection that is open ends with its grant", async () => {
    const gateway = await gatewayOfVm("other");
    await world.ok(["vm", "set", "other", "--allow-host", String(GRANTED_PORT), "--allow-lan", "192.168.77.0/24"]);
    expect(await ask("other", gateway, GRANTED_PORT)).toContain("hello");
    expect(await ask("other", NEIGHBOUR_ADDRESS, SECRET_PORT)).toContain("hello");
    // Its own address in that network stays the host's.
    expect(await ask("other", HOST_ADDRESS, SECRET_PORT)).not.toContain("hello");
    const late = `exec 2>&1; exec 3<>"/dev/tcp/$0/$1" && echo open && read -t 60 < /tmp/go; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
    await sh("other", "mkfifo /tmp/go");
    const asking = exec("other", "timeout", "60", "bash", "-c", `{ ${late}; } | tee /tmp/said`, gateway, String(GRANTED_PORT));
    await until("a connection", async () => (await sh("other", "cat /tmp/said")).includes("open"));
    await world.ok(["vm", "set", "other", "--allow-host", `${GRANTED_PORT}-`, "--allow-lan", "192.168.77.0/24-"]);
    await sh("other", "echo > /tmp/go");
    expect((await asking).stdout).not.toContain("hello");
    expect(await ask("other", gateway, GRANTED_PORT)).not.toContain("hello");
    expect(await ask("other", NEIGHBOUR_ADDRESS, SECRET_PORT)).not.toContain("hello");
    expect(await ask("out", await gatewayOfVm("out"), GRANTED_PORT)).toContain("hello");
  });

  test("reach each other by no server of their own", async () => {
    const server = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 80, Listen => 5, ReuseAddr => 1) or die; while ($c = $s->accept) { print $c "hello\\n"; close $c }'`;
    await sh("other", `setsid ${server} < /dev/null > /tmp/server.log 2>&1 &`);
    await until("a server", async () => (await ask("other", "127.0.0.1", 80)).includes("hello"));
    expect(await ask("out", await addressOf("other"), 80)).not.toContain("hello");
  });

  test("are shown with what went over their link", async () => {
    interface Stats {
      readonly host: {
        readonly processes: readonly { readonly name: string; readonly rssBytes: number }[];
        readonly rssBytes: number;
        readonly network: { readonly receivedBytes: number; readonly sentBytes: number };
      };
      readonly guest: { readonly network: { readonly receivedBytes: number; readonly sentBytes: number } };
    }
    const stats = async (): Promise<Stats> => {
      const [vm] = (await world.json<{ vms: readonly Stats[] }>(["stats", "--interval", "100ms", "out"])).vms;
      if (vm === undefined) throw new Error("no stats");
      return vm;
    };
    const before = await stats();
    for (let count = 0; count < 5; count += 1) expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
    const after = await stats();
    expect(after.host.processes.map(({ name }) => name)).toEqual(["qemu"]);
    for (const way of ["receivedBytes", "sentBytes"] as const) {
      // Five questions and answers, with what TCP adds.
      expect(after.host.network[way] - before.host.network[way]).toBeGreaterThan(5 * 40);
      expect(after.guest.network[way] - before.guest.network[way]).toBeGreaterThan(5 * 40);
      expect(Math.abs(after.host.network[way] - after.guest.network[way])).toBeLessThan(4096);
    }
  });

  test("run a VMM without rights over the network that it is in", async () => {
    const { pid } = await show("out");
    const status = await Bun.file(`/proc/${pid}/status`).text();
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  test("get nowhere by another address, another MAC, or the loopback sent out through the gateway", async () => {
    const own = await addressOf("out");
    const gateway = await gatewayOfVm("out");
    const stolen = await addressOf("other");
    const route = `
      echo 1 | tee /proc/sys/net/ipv4/conf/*/route_localnet > /dev/null
      ip route show table local | grep 127 | while read route; do ip route del table local $route; done
      ip route add 127.0.0.0/8 via ${gateway} src ${own}; ip route get 127.0.0.1`;
    expect(await sh("out", route)).toContain(`127.0.0.1 via ${gateway} dev eth0 src ${own}`);
    expect(await ask("out", "127.0.0.1", SECRET_PORT)).not.toContain("hello");
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");

    await sh("out", `ip address add ${stolen}/30 dev eth0; ip route replace default via ${gateway} dev eth0 onlink src ${stolen}`);
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).not.toContain("hello");
    await sh("out", `ip route replace default via ${gateway} dev eth0 src ${own}; ip address del ${stolen}/30 dev eth0`);
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");

    const mac = (await sh("out", "cat /sys/class/net/eth0/address")).trim();
    await sh("out", "ip link set eth0 address 52:54:00:99:99:99");
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).not.toContain("hello");
    await sh("out", `ip link set eth0 address ${mac}`);
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
  });

  test("keep their network when pasta, the keeper and the daemon are killed, and later vms share it", async () => {
    const before = await show("out");
    const [pasta] = servants("pasta");
    process.kill(pasta?.pid ?? 0, "SIGKILL");
    await until("another pasta", () => servants("pasta").some(({ pid }) => pid !== pasta?.pid));
    await until("a way out", async () => (await ask("out", INTERNET_ADDRESS, WEB_PORT)).includes("hello"));
    await until("no problem", async () => (await show("out")).problems.length === 0);

    const [keeper] = servants("cat");
    process.kill(keeper?.pid ?? 0, "SIGKILL");
    await until("another keeper", () => servants("cat").some(({ pid }) => pid !== keeper?.pid));
    expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");

    const daemonEnded = killDaemon(world);
    process.kill(servants("pasta")[0]?.pid ?? 0, "SIGKILL");
    process.kill(servants("cat")[0]?.pid ?? 0, "SIGKILL");
    await daemonEnded;
    expect(await show("out")).toMatchObject({ id: before.id, pid: before.pid });
    await until("a way out", async () => (await ask("out", INTERNET_ADDRESS, WEB_PORT)).includes("hello"));
    expect(await answering("out", HOSTILE, SECRET_PORT)).toEqual([]);
    expect(await ask("out", await gatewayOfVm("out"), GRANTED_PORT)).toContain("hello");

    await world.ok(["vm", "stop", "other"]);
    expect(claims()).toHaveLength(1);
    expect((await show("other")).network).toMatchObject({ mode: "none", address: null, nat: true });
    await world.ok(["vm", "start", "other"]);
    expect(await ask("other", "www.example.com", WEB_PORT)).toContain("hello");
    expect(await ask("out", await addressOf("other"), 22)).not.toContain("SSH");
    expect(servants("pasta")).toHaveLength(1);
    expect(servants("cat")).toHaveLength(1);
    expect(findLeftovers(world)).toEqual([]);
  });

  test("follow the host to another network and another name server without a start", async () => {
    const visited = "198.51.100.7";
    internet.ip("address", "add", `${visited}/32`, "dev", "lo");
    const server = Bun.spawn([
      ...internet.argv([process.execPath, join(import.meta.dir, "../host/network-server.ts"), `web/${visited}/${SECRET_PORT}`]),
    ]);
    try {
      // A moment passes until it is known to be the host's.
      await until("it to be out of reach", async () => !(await ask("out", visited, SECRET_PORT)).includes("hello"));
      internet.setNameServer(INTERNET_ADDRESS);
      await until("names again", async () => (await ask("out", "www.example.com", WEB_PORT)).includes("hello"));
    } finally {
      server.kill();
    }
  });

  test("leave nothing when the last is deleted and the daemon has stopped", async () => {
    await world.ok(["vm", "delete", "--force", "other"]);
    expect(claims()).toHaveLength(1);
    await world.ok(["vm", "delete", "--force", "out"]);
    expect(claims()).toEqual([]);
    expect(findLeftovers(world)).toEqual([]);
    expect(JSON.parse((await world.banger(["doctor", "--json"])).stdout)).toMatchObject({ leftovers: [] });
    await world.ok(["daemon", "stop"]);
    await until("the end of all", () => processesOf(world.folder).length === 0);
    expect(readdirSync(join(world.folder, "run/banger"))).not.toContain("net");
  });

  test("have no card without --nat, nothing outside, and a loopback that works", async () => {
    await world.ok(["vm", "create", "in", "--kernel", goods.kernel]);
    expect((await show("in")).network).toMatchObject({ mode: "none", address: null, nat: false });
    expect(servants("pasta")).toEqual([]);
    // What has no device behind it is the kernel's own.
    expect((await exec("in", "sh", "-c", "ls -d /sys/class/net/*/device")).stdout).toBe("");
    expect((await exec("in", "ls", "/sys/class/net")).stdout).toMatch(/^lo$/m);
    // Refused, and not unreachable: somebody is there, and nobody listens.
    expect(await ask("in", "127.0.0.1", SECRET_PORT)).toContain("Connection refused");
    expect(await ask("in", INTERNET_ADDRESS, WEB_PORT)).toContain("Network is unreachable");
    expect(await ask("in", HOST_ADDRESS, SECRET_PORT)).toContain("Network is unreachable");
    await world.ok(["vm", "delete", "--force", "in"]);
  });
});

test("root can have the mode of everybody, by the config", async () => {
  const { kernel } = await openGoods();
  await using small = await openNetworkWorld();
  const rootless = await openWorld({ prefix: small.argv([]), config: '[network]\nmode = "rootless"\n' });
  try {
    await rootless.ok(["vm", "create", "out", "--nat", "--kernel", kernel]);
    expect(await rootless.json(["vm", "show", "out"])).toMatchObject({ network: { mode: "rootless", why: "the config says so" } });
    const asked = async (host: string, port: number): Promise<string> =>
      (await rootless.banger(["exec", "out", "--", "timeout", "3", "bash", "-c", ASK, host, String(port)])).stdout;
    expect(await asked("www.example.com", WEB_PORT)).toEndWith(SAID);
    for (const host of [HOST_ADDRESS, FORBIDDEN.metadata, FORBIDDEN.router, "198.19.255.1", "198.19.0.1"])
      expect(await asked(host, SECRET_PORT)).not.toContain("hello");
  } finally {
    await closeWorld(rootless);
  }
});
