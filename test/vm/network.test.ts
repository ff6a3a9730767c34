/** What a real guest reaches, in a small internet of the test's own: the outside, and nothing of the host. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { HOST_ADDRESS, INTERNET_ADDRESS, openNetworkWorld, SECRET_PORT, WEB_PORT, type NetworkWorld } from "../host/network-world.ts";
import { findLeftovers } from "../support/world-state.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { closeWorld, openWorld, processesOf, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

interface Shown {
  readonly id: string;
  readonly pid: number;
  readonly network: { readonly mode: string; readonly address: string | null; readonly nat: boolean };
}

/** Prints what a web server says, or how it could not be asked. */
const ASK = `exec 2>&1; exec 3<>"/dev/tcp/$0/$1" && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
/** Every way to say "this computer", "my host" or "whoever is on my link", as a guest sees it; and the host's own address. */
const HOSTILE = [
  ...["127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost", "0.0.0.0", "0", "2130706433", "[::1]", "::ffff:127.0.0.1"],
  ...["10.0.2.2", "10.0.2.3", "10.0.2.15", "10.0.2.255", "169.254.169.254", "192.0.2.53", "255.255.255.255"],
  ...[HOST_ADDRESS, `::ffff:${HOST_ADDRESS}`],
];

let goods: Goods;
let internet: NetworkWorld;
let world: World;
const show = (name: string): Promise<Shown> => world.json<Shown>(["vm", "show", name]);
const exec = (name: string, ...words: string[]): ReturnType<World["banger"]> => world.banger(["vm", "exec", name, "--", ...words]);
const ask = async (name: string, host: string, port: number): Promise<string> =>
  (await exec(name, "timeout", "3", "bash", "-c", ASK, host, String(port))).stdout;
const linkProcesses = (id: string): readonly unknown[] => processesOf(`banger-${id}-passt`);

describe("a guest in a small internet", () => {
  beforeAll(async () => {
    goods = await openGoods();
    internet = await openNetworkWorld();
    world = await openWorld({ prefix: internet.argv([]) });
  });
  afterAll(async () => {
    await closeWorld(world);
    await internet[Symbol.asyncDispose]();
  });

  describe("with --nat", () => {
    beforeAll(async () => {
      await world.ok(["vm", "create", "out", "--nat", "--kernel", goods.kernel]);
    });

    test("is shown with its mode and its address", async () => {
      const { id, network } = await show("out");
      expect(network).toEqual({ mode: "passt", address: "10.0.2.15/24", nat: true });
      expect(linkProcesses(id)).toHaveLength(2);
      expect(await world.ok(["vm", "show", "out"])).toMatch(/^network +passt, 10\.0\.2\.15\/24$/m);
    });

    test("reaches the outside by address and by name", async () => {
      const said = `hello from ${INTERNET_ADDRESS} to ${HOST_ADDRESS}\n`;
      expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toEndWith(said);
      expect(await ask("out", "www.example.com", WEB_PORT)).toEndWith(said);
      // By the search domain.
      expect(await ask("out", "www", WEB_PORT)).toEndWith(said);
    });

    test("is shown with what went over its link, and what its helpers cost", async () => {
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
      expect(after.host.processes.map(({ name }) => name).toSorted()).toEqual(["passt", "pasta", "qemu"]);
      expect(after.host.rssBytes).toBe(after.host.processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0));
      for (const way of ["receivedBytes", "sentBytes"] as const) {
        // Five questions and answers, with what TCP adds.
        expect(after.host.network[way] - before.host.network[way]).toBeGreaterThan(5 * 40);
        expect(after.guest.network[way] - before.guest.network[way]).toBeGreaterThan(5 * 40);
      }
    });

    test("does not reach what listens on the host's loopback or on its own address", async () => {
      const answers = await Promise.all(HOSTILE.map(async (host) => `${host}: ${await ask("out", host, SECRET_PORT)}`));
      expect(answers.filter((answer) => answer.includes("hello"))).toEqual([]);
      expect(answers).toHaveLength(HOSTILE.length);
    });

    test("keeps its network when the daemon is killed, and a later stop clears up", async () => {
      const { id, pid } = await show("out");
      const daemonPid = world.daemonPid() ?? 0;
      process.kill(daemonPid, "SIGKILL");
      // Who asks a daemon that is just dying is told that it broke off.
      while (world.daemonPid() === daemonPid) await Bun.sleep(5);
      expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
      expect(await show("out")).toMatchObject({ id, pid });
      await world.ok(["vm", "stop", "out"]);
      expect(linkProcesses(id)).toEqual([]);
      expect(findLeftovers(world)).toEqual([]);
      expect((await show("out")).network).toEqual({ mode: "none", address: null, nat: true });
    });

    test("has its network again after a start", async () => {
      await world.ok(["vm", "start", "out"]);
      expect(await ask("out", "www.example.com", WEB_PORT)).toContain("hello");
    });

    test("does not reach the host's loopback by sending its own out through the gateway", async () => {
      const route = `
        echo 1 | tee /proc/sys/net/ipv4/conf/*/route_localnet > /dev/null
        ip route show table local | grep 127 | while read route; do ip route del table local $route; done
        ip route add 127.0.0.0/8 via 10.0.2.2 src 10.0.2.15; ip route get 127.0.0.1`;
      const routed = await exec("out", "sh", "-c", route);
      expect(routed.stdout).toContain("127.0.0.1 via 10.0.2.2 dev eth0 src 10.0.2.15");
      expect(await ask("out", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
      expect(await ask("out", "127.0.0.1", SECRET_PORT)).not.toContain("hello");
    });

    test("is shown with a problem when its link has ended, and what to type", async () => {
      const { id } = await show("out");
      const passt = processesOf(`banger-${id}-passt`).find(({ words }) => words[0]?.endsWith("passt"));
      process.kill(passt?.pid ?? 0, "SIGKILL");
      const problems = async (): Promise<unknown> => (await world.json<{ problems: unknown }>(["vm", "show", "out"])).problems;
      const gone = ["its network is gone, passt ended: banger vm stop out, then banger vm start out"];
      for (const deadline = Date.now() + 30_000; !Bun.deepEquals(await problems(), gone) && Date.now() < deadline;) await Bun.sleep(100);
      expect(await problems()).toEqual(gone);
    });

    test("leaves no process when it is deleted", async () => {
      const { id } = await show("out");
      await world.ok(["vm", "delete", "--force", "out"]);
      expect(linkProcesses(id)).toEqual([]);
      expect(findLeftovers(world)).toEqual([]);
    });
  });

  test("without --nat there is no card, nothing outside, and a loopback that works", async () => {
    await world.ok(["vm", "create", "in", "--kernel", goods.kernel]);
    const { id, network } = await show("in");
    expect(network).toEqual({ mode: "none", address: null, nat: false });
    expect(linkProcesses(id)).toEqual([]);
    // What has no device behind it is the kernel's own.
    expect((await exec("in", "sh", "-c", "ls -d /sys/class/net/*/device")).stdout).toBe("");
    expect((await exec("in", "ls", "/sys/class/net")).stdout).toMatch(/^lo$/m);
    // Refused, and not unreachable: somebody is there, and nobody listens.
    expect(await ask("in", "127.0.0.1", SECRET_PORT)).toContain("Connection refused");
    expect(await ask("in", INTERNET_ADDRESS, WEB_PORT)).toContain("Network is unreachable");
    expect(await ask("in", HOST_ADDRESS, SECRET_PORT)).toContain("Network is unreachable");
  });
});
