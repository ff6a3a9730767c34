/** Real guests with a network in common, in a small internet of the test's own: they reach each other by name, and nobody else does. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ASK, HOST_ADDRESS, INTERNET_ADDRESS, openNetworkWorld, SECRET_PORT, WEB_PORT, type NetworkWorld } from "../host/network-world.ts";
import { openGoods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { until } from "../support/until.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

interface Shown {
  readonly state: string;
  readonly network: { readonly mode: string; readonly address: string | null; readonly name: string | null; readonly nat: boolean };
  readonly pending: readonly { readonly what: string }[];
}

const SERVER = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 80, Listen => 5, ReuseAddr => 1) or die; while ($c = $s->accept) { while (<$c>) { last if /^\\r?$/ } print $c "hello to ", $c->peerhost, "\\n"; close $c }'`;
const MODE = process.getuid?.() === 0 ? "rooted" : "rootless";

let internet: NetworkWorld;
let world: World;
const show = (name: string): Promise<Shown> => world.json<Shown>(["vm", "show", name]);
const exec = (name: string, ...words: string[]): ReturnType<World["banger"]> => world.banger(["vm", "exec", name, "--", ...words]);
const sh = async (name: string, script: string): Promise<string> => (await exec(name, "sh", "-c", `exec 2>&1; ${script}`)).stdout;
const ask = async (name: string, host: string, port = 80): Promise<string> =>
  (await exec(name, "timeout", "3", "bash", "-c", ASK, host, String(port))).stdout;
const addressOf = async (name: string): Promise<string> => (await show(name)).network.address?.replace(/\/.*/, "") ?? "";
/** What a guest's own table of hosts has of its neighbours; the resolver of this internet knows every name. */
const knows = (name: string): Promise<string> => sh(name, "grep '# banger$' /etc/hosts");
const serve = async (name: string): Promise<void> => {
  await sh(name, `setsid ${SERVER} < /dev/null > /tmp/server.log 2>&1 &`);
  await until(`a server in ${name}`, async () => (await ask(name, "127.0.0.1")).includes("hello"));
};

describe("guests of a network", () => {
  beforeAll(async () => {
    const { kernel } = await openGoods();
    internet = await openNetworkWorld();
    world = await openWorld({ prefix: internet.argv([]), config: `default_kernel = "${kernel}"\n` });
    await world.ok(["network", "create", "shop"]);
    await world.ok(["network", "create", "lab"]);
    const create = (name: string, ...words: string[]): Promise<string> => world.ok(["vm", "create", name, "--kernel", kernel, ...words]);
    await create("db", "--network", "shop");
    await create("web", "--network", "shop", "--nat");
    await create("rat", "--network", "lab", "--nat");
    await create("alone", "--nat");
    for (const name of ["db", "web", "rat", "alone"]) await serve(name);
  });
  afterAll(async () => {
    await closeWorld(world);
    await internet[Symbol.asyncDispose]();
  });

  test("are listed, and shown with it", async () => {
    expect(await world.json(["network", "list"])).toMatchObject({
      networks: [
        { name: "lab", vms: ["rat"] },
        { name: "shop", vms: ["db", "web"] },
      ],
    });
    expect(await world.ok(["network", "ls"])).toMatch(/^shop +.+ ago +db, web$/m);
    expect((await show("db")).network).toMatchObject({ mode: MODE, name: "shop", nat: false });
    expect(await world.ok(["vm", "show", "db"])).toMatch(/^network +\w+, 198\.19\.\d+\.\d+\/30, in network shop, no way out, you are/m);
  });

  test("reach each other by name from the moment on that they are made, with the address that is their own", async () => {
    const [db, web] = [await addressOf("db"), await addressOf("web")];
    for (const name of ["db", "db.shop", db]) expect(await ask("web", name)).toBe(`hello to ${web}\n`);
    for (const name of ["web", "web.shop"]) expect(await ask("db", name)).toBe(`hello to ${db}\n`);
    expect(await sh("web", "ping -c 1 -W 3 db.shop > /dev/null && echo there")).toContain("there");
    expect(await sh("db", "getent hosts localhost")).not.toContain("198.19");
  });

  test("are reached by nobody of another network, or of none, and reach nobody there", async () => {
    const all = new Map(await Promise.all(["db", "web", "rat", "alone"].map(async (name) => [name, await addressOf(name)] as const)));
    for (const [from, network] of [
      ["db", ["web"]],
      ["web", ["db"]],
      ["rat", []],
      ["alone", []],
    ] as const)
      for (const [to, address] of all) {
        if (to === from || (network as readonly string[]).includes(to)) continue;
        expect(`${from} to ${to}: ${await ask(from, address)}`).not.toContain("hello");
        expect(await knows(from)).not.toContain(to);
      }
  });

  test("have no way out by it, not even to a resolver, and one that is asked for beside it", async () => {
    for (const address of [INTERNET_ADDRESS, HOST_ADDRESS, "198.19.255.1", "198.19.255.53"])
      for (const port of [WEB_PORT, SECRET_PORT, 53]) expect(await ask("db", address, port)).not.toContain("hello");
    expect(await ask("db", "www.example.com", WEB_PORT)).not.toContain("hello");
    expect(await sh("db", "cat /etc/resolv.conf")).not.toContain("nameserver");
    expect(await ask("web", "www.example.com", WEB_PORT)).toContain("hello");
    // What it sends to itself by its neighbour's hands is its neighbour's to send.
    expect(await sh("db", `ip route add ${INTERNET_ADDRESS} via ${await addressOf("web")}; echo $?`)).not.toMatch(/^0/);
  });

  test("find each other when one comes back at another address, is renamed, and when the daemon was killed meanwhile", async () => {
    const before = await addressOf("db");
    await world.ok(["vm", "stop", "db"]);
    await until("web to forget db", async () => (await knows("web")) === "");
    await world.ok(["vm", "start", "db"]);
    expect(await addressOf("db")).not.toBe(before);
    await serve("db");
    expect(await ask("web", "db")).toContain("hello");
    await world.ok(["vm", "rename", "db", "store"]);
    await until("web to know the new name", async () => (await ask("web", "store.shop")).includes("hello"));
    expect(await knows("web")).not.toContain("db");
    await killDaemon(world);
    expect(await ask("web", "store")).toContain("hello");
    expect(await ask("store", "web")).toContain("hello");
    expect(await ask("rat", await addressOf("store"))).not.toContain("hello");
    await world.ok(["vm", "rename", "store", "db"]);
    await until("web to know the old name", async () => (await ask("web", "db")).includes("hello"));
  });

  test("join and leave while they run, and an open connection ends with it", async () => {
    await world.ok(["vm", "set", "rat", "--network", "shop"]);
    expect(await show("rat")).toMatchObject({ network: { name: "shop" }, pending: [] });
    expect(await ask("rat", "db")).toContain("hello");
    expect(await ask("db", "rat")).toContain("hello");
    await sh("rat", "mkfifo /tmp/go");
    await sh(
      "db",
      `setsid perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 81, Listen => 5) or die; while ($c = $s->accept) { while (<$c>) { print $c "echo $_" } }' < /dev/null > /dev/null 2>&1 &`,
    );
    await until("who echoes", async () => (await ask("db", "127.0.0.1", 81)).includes("echo"));
    const talk = `exec 2>&1; exec 3<>"/dev/tcp/$0/81" && echo one >&3 && read -r line <&3 && echo $line && read -t 60 < /tmp/go; echo two >&3; timeout 3 head -n 1 <&3`;
    const talking = exec("rat", "timeout", "60", "bash", "-c", `{ ${talk}; } | tee /tmp/said`, "db");
    await until("an echo", async () => (await sh("rat", "cat /tmp/said")).includes("echo one"));
    await world.ok(["vm", "set", "rat", "--network", "none"]);
    await sh("rat", "echo > /tmp/go");
    expect((await talking).stdout).not.toContain("echo two");
    expect(await ask("rat", await addressOf("db"))).not.toContain("hello");
    expect(await knows("db")).not.toContain("rat");
    expect(await ask("rat", INTERNET_ADDRESS, WEB_PORT)).toContain("hello");
  });

  test("keep their network from being deleted, and leave nothing of it when they are gone", async () => {
    const refused = await world.banger(["network", "delete", "shop"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot delete network shop: vm db and 1 more are in it") });
    await world.ok(["vm", "delete", "--force", "db", "web"]);
    expect(await world.ok(["network", "delete", "shop", "lab"])).toBe("deleted network shop\ndeleted network lab\n");
    expect(await world.json(["network", "list"])).toEqual({ networks: [] });
  });
});
