/**
 * The network as somebody uses it who has no rights, and as root, on a computer where Docker has closed forwarding: out, not to the
 * neighbours, in by a port and by ssh, and gone without a trace.
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ASK, FORBIDDEN, HOST_ADDRESS, openNetworkWorld, SAID, SECRET_PORT, WEB_PORT, type NetworkWorld } from "../host/network-world.ts";
import { openGoods } from "../support/goods.ts";
import { until } from "../support/until.ts";
import { BANGER, closeWorld, openWorld, processesOf, SHARED, type World } from "../support/world.ts";
import { findLeftovers } from "../support/world-state.ts";

setDefaultTimeout(300_000);

/** What Docker has loaded where a container publishes a port, by iptables. */
const DOCKER = `
table ip nat {
  chain DOCKER { iifname "docker0" return; iifname != "docker0" tcp dport 8080 dnat to 172.17.0.2:80; }
  chain PREROUTING { type nat hook prerouting priority dstnat; policy accept; fib daddr type local jump DOCKER; }
  chain OUTPUT { type nat hook output priority -100; policy accept; ip daddr != 127.0.0.0/8 fib daddr type local jump DOCKER; }
  chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept; oifname != "docker0" ip saddr 172.17.0.0/16 masquerade; }
}
table ip filter {
  chain DOCKER { iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 accept; }
  chain DOCKER-ISOLATION-STAGE-2 { oifname "docker0" drop; return; }
  chain DOCKER-ISOLATION-STAGE-1 { iifname "docker0" oifname != "docker0" jump DOCKER-ISOLATION-STAGE-2; return; }
  chain DOCKER-USER { return; }
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
    jump DOCKER-USER; jump DOCKER-ISOLATION-STAGE-1;
    oifname "docker0" ct state related,established accept; oifname "docker0" jump DOCKER;
    iifname "docker0" oifname != "docker0" accept; iifname "docker0" oifname "docker0" accept;
  }
}
`;
/** Answers once it has read all of a question: a connection that is closed on unread bytes is reset, and its answer is lost. */
const GREETER = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 7000, Listen => 5) or die;
fork and exit; open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/dev/null"); open(STDERR, ">&", STDOUT);
while (my $c = $s->accept) { while (<$c>) { last if /^\\r?$/ } print $c "the guest says hello\\n"; close $c }`;

/** One of Debian's own, so that ssh knows who that is. */
const NOBODY = 65_534;
const WALKERS: readonly (readonly [who: string, uid: number, mode: string])[] =
  process.getuid?.() === 0
    ? [
        ["somebody without rights", NOBODY, "rootless"],
        ["root", 0, "rooted"],
      ]
    : [["somebody without rights", process.getuid?.() ?? NOBODY, "rootless"]];

let internet: NetworkWorld | undefined;
let world: World | undefined;

function inHost(words: readonly string[], input = ""): string {
  const [program = "", ...rest] = internet?.argv(words) ?? [];
  return execFileSync(program, rest, { input, encoding: "utf8", timeout: 60_000 });
}

/** A world of one's own on that computer: another user may look into no other. */
async function openHome(uid: number, kernel: string, image: string): Promise<World> {
  const isOther = uid !== process.getuid?.();
  const become = isOther ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs"] : [];
  const opened = await openWorld({
    prefix: [...(internet?.argv([]) ?? []), ...become],
    isolatedGoods: true,
    isolatedCache: true,
    ...(isOther ? { program: "FOLDER/banger" } : {}),
  });
  const { folder } = opened;
  for (const [store, name] of [
    ["kernels", kernel],
    ["images", image],
  ] as const) {
    const to = join(folder, "data/banger", store);
    mkdirSync(to, { recursive: true, mode: 0o700 });
    // No links: what is given away here is everybody's.
    execFileSync("cp", ["-a", "--sparse=always", join(SHARED, "data/banger", store, name), to]);
  }
  if (!isOther) return opened;
  copyFileSync(BANGER, join(folder, "banger"));
  execFileSync("chown", ["-R", `${uid}:${uid}`, folder]);
  // A computer where everybody may use the device for TAPs.
  const tun = join(folder, "tun");
  inHost(["sh", "-c", `mknod -m 666 ${tun} c 10 200 && mount --bind ${tun} /dev/net/tun`]);
  return opened;
}

afterEach(async () => {
  if (world !== undefined) await closeWorld(world);
  world = undefined;
  await internet?.[Symbol.asyncDispose]();
  internet = undefined;
});

describe("where Docker has closed forwarding", () => {
  test.each(WALKERS)("%s walks the whole way", async (_who, uid, mode) => {
    const { kernel, image } = await openGoods();
    internet = await openNetworkWorld();
    inHost(["nft", "-f", "-"], DOCKER);
    const rules = inHost(["nft", "list", "ruleset"]);
    const here = (world = await openHome(uid, kernel, image));
    const ask = async (host: string, port: number): Promise<string> =>
      (await here.banger(["exec", "dev", "--", "timeout", "5", "bash", "-c", ASK, host, String(port)])).stdout;

    const ran = await here.banger(
      ["run", "--nat", "--name", "dev", "--image", image, "--kernel", kernel, "--", "bash", "-c", ASK, "www.example.com", String(WEB_PORT)],
      { timeoutMs: 180_000 },
    );
    expect(ran.stdout).toEndWith(SAID);
    expect(ran.code).toBe(0);
    expect(await here.json(["vm", "show", "dev"])).toMatchObject({ network: { mode }, problems: [] });
    for (const address of [...Object.values(FORBIDDEN), HOST_ADDRESS, "127.0.0.1", "198.19.255.1"])
      expect({ address, said: await ask(address, SECRET_PORT) }).toMatchObject({ said: expect.not.stringContaining("hello") });

    await here.ok(["exec", "dev", "--", "perl", "-e", GREETER]);
    const [, port = ""] = /127\.0\.0\.1:(\d+) +port 7000 in the vm/.exec(await here.ok(["forward", "dev", "0:7000"])) ?? [];
    expect(inHost(["bash", "-c", ASK, "127.0.0.1", port])).toBe("the guest says hello\n");
    expect(await here.ok(["ssh", "dev", "--", "id -un; hostname"], { timeoutMs: 120_000 })).toBe("root\ndev\n");

    await here.ok(["vm", "delete", "--force", "dev"]);
    expect(inHost(["bash", "-c", `${ASK} || true`, "127.0.0.1", port])).toContain("Connection refused");
    expect(JSON.parse((await here.banger(["doctor", "--json"])).stdout)).toMatchObject({ leftovers: [] });
    expect(findLeftovers(here)).toEqual([]);
    await here.ok(["daemon", "stop"]);
    await until("the end of all", () => processesOf(here.folder).length === 0);
    expect(inHost(["nft", "list", "ruleset"])).toBe(rules);
  });
});
