/** The life of one vm through the built binary, on the quick kernel where there is one. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { openGoods, type Goods } from "../support/goods.ts";
import { closeWorld, openWorld, processesOf, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly problems: readonly string[];
  readonly pid: number | null;
  readonly acceleration: string;
  readonly accelerationReason: string;
  readonly stages: readonly { readonly stage: string }[];
  readonly network: { readonly mode: string };
}

let goods: Goods;
let world: World;
const show = (name = "dev"): Promise<Shown> => world.json<Shown>(["vm", "show", name]);
const exec = (...words: string[]): ReturnType<World["banger"]> => world.banger(["vm", "exec", "dev", "--", ...words]);

/** Waits for a change that comes by itself, with a generous deadline. */
async function until(state: string, name = "dev"): Promise<Shown> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const shown = await show(name);
    if (shown.state === state || Date.now() > deadline) return shown;
    await Bun.sleep(100);
  }
}

beforeAll(async () => {
  goods = await openGoods();
  world = await openWorld();
  await world.ok(["vm", "create", "dev", "--kernel", goods.kernel, "--env", "GREETING=from the vm", "--disk", "3G", "--work-disk", "2G"]);
});
afterAll(async () => closeWorld(world));

describe("a vm that was just made", () => {
  test("runs, by the acceleration it says, through every stage", async () => {
    const shown = await show();
    expect(shown.state).toBe("running");
    expect(shown.acceleration).toMatch(/^(kvm|tcg)$/);
    expect(shown.accelerationReason).not.toBe("");
    expect(shown.stages.map(({ stage }) => stage)).toEqual(["network", "boot", "agent", "guest"]);
    expect(shown.pid).toBeGreaterThan(0);
  });

  test("is a computer of its own: kernel, name, root, disks of the sizes asked for, and no network card", async () => {
    const script = "uname -s; hostname; id -u; df -BM --output=target,size / /root | tail -2; ls /sys/class/net; cat /etc/os-release";
    const { stdout, code } = await exec("sh", "-c", script);
    expect(code).toBe(0);
    expect(stdout).toStartWith("Linux\ndev\n0\n");
    const sizes = Object.fromEntries([...stdout.matchAll(/^(\/\S*)\s+(\d+)M$/gm)].map(([, target, size]) => [target, Number(size)]));
    expect(sizes["/"]).toBeWithin(2800, 3073);
    expect(sizes["/root"]).toBeWithin(1850, 2049);
    expect(stdout).toMatch(/^lo$/m);
    expect(stdout).not.toMatch(/^eth0$/m);
    expect(stdout).toContain("VERSION_CODENAME=bookworm");
    expect((await show()).network.mode).toBe("none");
  });

  test("knows the time", async () => {
    const { stdout } = await exec("date", "+%s");
    expect(Math.abs(Number(stdout) - Date.now() / 1000)).toBeLessThan(5);
  });
});

describe("exec", () => {
  test("passes code, stdout and stderr apart", async () => {
    expect(await exec("sh", "-c", "echo out; echo err >&2; exit 7")).toEqual({ code: 7, stdout: "out\n", stderr: "err\n" });
  });

  test("answers 128+n for a signal, 127 for a command that is not there, and 125 for what banger could not do", async () => {
    expect((await exec("sh", "-c", "kill -TERM $$")).code).toBe(143);
    const missing = await exec("no-such-program");
    expect(missing.code).toBe(127);
    expect(missing.stderr).toContain("no-such-program");
    expect((await exec("/etc/passwd")).code).toBe(126);
    const nowhere = await world.banger(["vm", "exec", "--cwd", "/nowhere", "dev", "--", "true"]);
    expect(nowhere.code).toBe(125);
    expect(nowhere.stderr).toContain("/nowhere");
    expect((await world.banger(["vm", "exec", "no-such-vm", "--", "true"])).code).toBe(125);
  });

  test("passes environment, folder, user and input", async () => {
    const { stdout } = await world.banger(
      [
        "vm",
        "exec",
        "-i",
        "--env",
        "MORE=yes",
        "--cwd",
        "/tmp",
        "--user",
        "nobody",
        "dev",
        "--",
        "sh",
        "-c",
        'echo "$GREETING $MORE"; pwd; id -un; cat',
      ],
      { input: "typed\n" },
    );
    expect(stdout).toBe("from the vm yes\n/tmp\nnobody\ntyped\n");
  });

  test("moves many bytes both ways unchanged", async () => {
    const input = new Uint8Array(4 * 2 ** 20).map((_, index) => (index * 31) % 251);
    const sum = new Bun.CryptoHasher("sha256").update(input).digest("hex");
    const { stdout } = await world.banger(["vm", "exec", "-i", "dev", "--", "sha256sum"], { input });
    expect(stdout).toStartWith(sum);
    const back = await exec("sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x");
    expect(back.stdout.length).toBe(8_000_000);
  });

  test("runs many commands at once", async () => {
    const ran = await Promise.all(Array.from({ length: 12 }, (_, index) => exec("sh", "-c", `echo ${index}; exit ${index}`)));
    expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual(ran.map((_, index) => [index, `${index}\n`]));
  });

  test.each([
    ["", []],
    [" in the middle of input that nobody reads", ["-i"]],
  ])("hangs up the command when its client is gone%s", async (_name, flags) => {
    await exec("rm", "-f", "/tmp/hup");
    const script = "trap 'echo hung up > /tmp/hup; exit' HUP; while :; do sleep 0.1; done";
    const killed = await world.banger(["vm", "exec", ...flags, "dev", "--", "sh", "-c", script], {
      timeoutMs: 3000,
      ...(flags.length === 0 ? {} : { input: Buffer.alloc(64 * 2 ** 20) }),
    });
    expect(killed.code).toBe(137);
    const { stdout } = await exec("sh", "-c", "for i in $(seq 100); do [ -e /tmp/hup ] && break; sleep 0.1; done; cat /tmp/hup");
    expect(stdout).toBe("hung up\n");
  });
});

describe("looking at it", () => {
  interface Stats {
    readonly diskBytes: number;
    readonly cpuPercent: number | null;
    readonly guestCpuPercent: number | null;
    readonly host: { readonly cpuMs: number; readonly rssBytes: number; readonly pssBytes: number; readonly network: unknown };
    readonly guest: {
      readonly cpus: number;
      readonly cpu: { readonly busyMs: number };
      readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
      readonly processes: number;
      readonly root: { readonly totalBytes: number };
      readonly home: { readonly totalBytes: number; readonly usedBytes: number };
    };
  }
  const stats = async (): Promise<Stats> => {
    const [vm] = (await world.json<{ vms: readonly Stats[] }>(["stats", "--interval", "300ms", "dev"])).vms;
    if (vm === undefined) throw new Error("no stats");
    return vm;
  };

  test("shows what it costs and what it uses, and both grow with what it does", async () => {
    const before = await stats();
    expect(before.guest).toMatchObject({ cpus: 1 });
    expect(before.guest.memory.totalBytes).toBeWithin(900 * 2 ** 20, 2 ** 30);
    expect(before.guest.memory.availableBytes).toBeWithin(1, before.guest.memory.totalBytes);
    expect(before.guest.root.totalBytes).toBeWithin(2800 * 2 ** 20, 3 * 2 ** 30);
    expect(before.guest.home.totalBytes).toBeWithin(1850 * 2 ** 20, 2 * 2 ** 30);
    expect(before.host.rssBytes).toBeWithin(before.host.pssBytes, 2 * 2 ** 30);
    expect(before.host.network).toBeNull();
    await exec("sh", "-c", "head -c 30000000 /dev/urandom > /root/much; sync");
    const after = await stats();
    expect(after.diskBytes - before.diskBytes).toBeGreaterThan(29_000_000);
    expect(after.guest.home.usedBytes - before.guest.home.usedBytes).toBeGreaterThan(29_000_000);
    expect(after.host.cpuMs).toBeGreaterThan(before.host.cpuMs);
    expect(after.guest.cpu.busyMs).toBeGreaterThan(before.guest.cpu.busyMs);
    expect([after.cpuPercent, after.guestCpuPercent]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test("shows what listens in it, and what of it on loopback alone", async () => {
    const script = `use IO::Socket::INET; fork and exit;
      my @all = map { IO::Socket::INET->new(Listen => 1, LocalAddr => $_->[0], LocalPort => $_->[1]) or die } ["0.0.0.0", 80], ["127.0.0.1", 8080];
      open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/tmp/listens"); open(STDERR, ">", "/dev/null"); sleep 600`;
    await exec("perl", "-e", script);
    await exec("sh", "-c", "until [ -e /tmp/listens ]; do sleep 0.1; done");
    const { ports } = await world.json<{ ports: readonly { readonly process: { readonly pid: number } | null }[] }>(["ports", "dev"]);
    const process = { pid: expect.any(Number), user: "root", command: expect.stringMatching(/^perl -e use IO::Socket/) };
    expect<readonly unknown[]>(ports).toEqual([
      { protocol: "tcp", address: "0.0.0.0", port: 80, process, loopbackOnly: false },
      { protocol: "tcp", address: "127.0.0.1", port: 8080, process, loopbackOnly: true },
    ]);
    await exec("kill", String(ports[0]?.process?.pid));
  });
});

describe("the daemon's death", () => {
  test("harms no vm, and the next command goes on", async () => {
    const before = await show();
    const pid = world.daemonPid();
    expect(pid).toBeGreaterThan(0);
    await exec("sh", "-c", "echo kept > /tmp/kept");
    const cut = exec("sleep", "60");
    await Bun.sleep(500);
    process.kill(pid ?? 0, "SIGKILL");
    expect((await cut).code).toBe(125);
    const after = await show();
    expect(after).toMatchObject({ id: before.id, state: "running", pid: before.pid });
    expect((await exec("cat", "/tmp/kept")).stdout).toBe("kept\n");
    expect(world.daemonPid()).not.toBe(pid);
  });
});

describe("stop and start", () => {
  test("keep root and home, and lose memory", async () => {
    await exec("sh", "-c", "echo root > /etc/mine; echo home > /root/mine; echo memory > /run/mine");
    const stopped = await world.json<Shown>(["vm", "stop", "dev"]);
    expect(stopped).toMatchObject({ state: "stopped", pid: null });
    expect(await world.ok(["vm", "logs", "dev"])).not.toContain("cannot unmount");
    const refused = await exec("true");
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain("banger vm start dev");
    await world.ok(["vm", "start", "dev"]);
    expect((await exec("sh", "-c", "cat /etc/mine /root/mine; ls /run/mine")).stdout).toBe("root\nhome\n");
  });

  test("joins when asked twice", async () => {
    await world.ok(["vm", "start", "dev"]);
    expect((await show()).state).toBe("running");
  });

  test("a guest that powers itself off leaves its vm stopped", async () => {
    await exec("sh", "-c", "sync; (sleep 0.2; kill -USR2 1) >/dev/null 2>&1 &");
    expect((await until("stopped")).state).toBe("stopped");
    await world.ok(["vm", "start", "dev"]);
  });

  test("a guest that crashes leaves it broken, with the reason", async () => {
    await exec("sh", "-c", "echo 1 > /proc/sys/kernel/sysrq; (sleep 0.2; echo c > /proc/sysrq-trigger) >/dev/null 2>&1 &");
    const broken = await until("broken");
    expect(broken.state).toBe("broken");
    expect(broken.problems.join()).toMatch(/panic|reset/);
    await world.ok(["vm", "start", "dev"]);
    expect((await exec("cat", "/etc/mine")).stdout).toBe("root\n");
  });

  test("a guest whose agent dies is broken, not stopped; to have it killed takes more than the want of memory", async () => {
    const scores =
      'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = banger-agent ] && echo ${p#/proc/} $(cat $p/oom_score_adj); done; cat /proc/self/oom_score_adj';
    const said = (await exec("sh", "-c", scores)).stdout;
    expect(said).toMatch(/^\d+ -1000\n0\n$/);
    await exec("sh", "-c", `(sleep 0.2; kill -9 ${said.split(" ")[0]}) >/dev/null 2>&1 &`);
    expect((await until("broken")).problems.join()).toContain("the guest's init failed: the agent is gone");
    await world.ok(["vm", "start", "dev"]);
  });

  test("kill ends it at once", async () => {
    expect(await world.json<Shown>(["vm", "kill", "dev"])).toMatchObject({ state: "stopped" });
    await world.ok(["vm", "start", "dev"]);
  });

  test("the console can be read", async () => {
    expect(await world.ok(["vm", "logs", "dev"])).toContain("banger-agent: power off");
  });
});

describe("deleting", () => {
  test("is refused while it runs, and while something is in use", async () => {
    const refused = await world.banger(["vm", "delete", "dev"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--force");
    // A refusal is not a stage that was passed.
    expect(refused.stderr).not.toContain(" ms");
    for (const words of [
      ["image", "delete", goods.image],
      ["kernel", "delete", goods.kernel],
    ]) {
      const inUse = await world.banger(words);
      expect(inUse.code).toBe(1);
      expect(inUse.stderr).toContain("dev");
    }
  });

  test("with --force leaves no process, no folder and no row", async () => {
    const { id } = await show();
    await world.ok(["vm", "delete", "--force", "dev"]);
    expect(processesOf(`banger-${id}`)).toEqual([]);
    expect((await world.banger(["vm", "show", "dev"])).code).toBe(1);
    for (const folder of ["state/banger/vms", "run/banger/v"]) {
      expect([...new Bun.Glob("*").scanSync({ cwd: `${world.folder}/${folder}`, onlyFiles: false })]).toEqual([]);
    }
  });
});
