/**
 * What the built binary refuses: bad input, a computer that lacks something, a daemon of another version. Each is one clear
 * error that names what and says what to type, and changes nothing on disk.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { listFolders } from "../support/world-state.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { openNamespaces } from "../support/namespaces.ts";
import { untilEnded } from "../support/until-ended.ts";
import { closeWorld, openWorld, processesOf, withWorld, type Ran, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

let goods: Goods;

beforeAll(async () => {
  goods = await openGoods();
});

/** That there is some. */
const ADVICE = /(\n|; )(try: |did you mean )/;

/** One error and perhaps one line of advice, on stderr alone. */
function expectRefusal(ran: Ran, code: number, error: string | RegExp, advice: string | RegExp): void {
  expect(ran).toMatchObject({ code, stdout: "" });
  expect(ran.stderr.match(/^error: /gm)).toHaveLength(1);
  expect(ran.stderr).not.toContain("bug");
  expect(ran.stderr).toMatch(new RegExp(error));
  expect(ran.stderr).toMatch(ADVICE);
  expect(ran.stderr).toMatch(new RegExp(advice));
}

describe("over a daemon that runs, bad input", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
    await world.ok(["vm", "create", "there", "--kernel", goods.kernel, "--no-start"]);
    // The pool of blank layers is filled in the background.
    for (let calm = 0, last = ""; calm < 10; await Bun.sleep(50)) {
      const now = listFolders(world).join("\n");
      calm = now === last ? calm + 1 : 0;
      last = now;
    }
  });
  afterAll(async () => closeWorld(world));

  const create = (...words: string[]): string[] => ["vm", "create", ...words];
  const cases: readonly (readonly [words: string[], code: number, error: string | RegExp, advice?: string | RegExp])[] = [
    [create("Dev"), 2, "NAME `Dev`: a vm name has 1 to 63 of a-z"],
    [create("0123456789ab"), 2, "a vm name is not 12 hex digits"],
    [create("-dev"), 2, "there is no flag -d"],
    [create("a".repeat(64)), 2, "a vm name has 1 to 63 of a-z"],
    [create("../dev"), 2, "a vm name has 1 to 63 of a-z"],
    [create("dev\n"), 2, "a vm name has 1 to 63 of a-z"],
    [create("one", "two"), 2, "two"],
    [create("dev", "--memory", "much"), 2, /--memory.*much/, "512M"],
    [create("dev", "--memory", "-1G"), 2, /--memory/],
    [create("dev", "--memory", "0"), 2, /--memory/],
    [create("dev", "--memory", "100K"), 1, "100 KiB of memory is too little", "--memory 128M"],
    [create("dev", "--memory", "900T"), 1, "more than the .* MiB of this computer", "a smaller --memory"],
    [create("dev", "--cpus", "200"), 1, "200 cpus are more than", /--cpus \d+/],
    [create("dev", "--cpus", "1.5"), 2, "--cpus"],
    [create("dev", "--disk", "1K"), 1, "a disk of 1 KiB is too small", "--disk 256M"],
    [create("dev", "--disk", "900T"), 1, "is too large", "--disk 15T"],
    [create("dev", "--work-disk", "1M"), 1, "is too small", "--work-disk 256M"],
    [create("dev", "--env", "1A=b"), 2, "--env"],
    [create("dev", "--memroy", "1G"), 2, "there is no flag --memroy", "did you mean --memory"],
    [create("dev", "--natt"), 2, "there is no flag --natt", "did you mean --nat"],
    [create("dev", "--init", "upstart"), 2, "--init.*upstart", /agent.*systemd/],
    [create("dev", "--driver", "vbox"), 1, "there is no driver vbox", "--driver fake"],
    [create("dev", "--driver", "../vbox"), 2, "--driver", /qemu/],
    [create("dev", "--driver", "qemu"), 1, "there is no driver qemu", "--driver fake"],
    [create("dev", "--image", "nothing-12"), 1, "cannot find image nothing-12", "banger image pull debian-bookworm"],
    [create("dev", "--kernel", "nothing-12"), 1, "there is no kernel nothing-12", "banger kernel pull debian-6.12"],
    [create("dev", "--kernel", "nothing-12", "--cpus", "200"), 1, "2 things are wrong\n  - .*nothing-12.*\n  - 200 cpus"],
    [create("there"), 1, "cannot create vm there: there is one of that name already", "banger vm show there"],
    [["vm", "creat", "dev"], 2, "there is no command `banger vm creat`", "did you mean banger vm create"],
    [["vm", "show", "nowhere"], 1, "there is no vm nowhere", "banger vm list"],
    [["vm", "start"], 2, "NAME is missing"],
    [["vm", "stop", "there", "--grace", "soon"], 2, /--grace.*soon/, "90s"],
    [["vm", "exec", "there", "--", "true"], 125, "vm there is not running", "banger vm start there"],
    [["vm", "exec", "there"], 2, "COMMAND is missing"],
    [["run", "--ephemeral"], 2, "an ephemeral vm needs something to do", "give a command"],
    [["image", "pull", "nothing-12"], 1, "no catalog has an image of that name", "banger image pull debian-bookworm"],
    [["kernel", "pull", "nothing-12"], 1, "no catalog has a kernel of that name", "banger kernel pull debian-6.12"],
    [["kernel", "import", "k", "--from", "/nowhere"], 1, "cannot import from /nowhere: there is no such folder"],
    [["image", "import", "i", "--from", "/nowhere"], 1, "cannot import image i from /nowhere: there is nothing of that name"],
    [["image", "import", "i"], 2, "--from is missing"],
    [["kernel", "delete", "nothing-12"], 1, "there is no kernel nothing-12"],
    [["operation", "show", "0123456789abcdef"], 1, "no operation has the id 0123456789abcdef", "banger operation list"],
  ];
  const all = cases.map(([words, code, error, advice]) => [words, code, error, advice ?? ADVICE] as const);
  test.each(all)("banger %j ends with %d", async (words, code, error, advice) => {
    const before = listFolders(world);
    expectRefusal(await world.banger(words), code, error, advice);
    expect(listFolders(world)).toEqual(before);
    expect((await world.json<{ vms: readonly { name: string }[] }>(["vm", "list"])).vms.map(({ name }) => name)).toEqual(["there"]);
  });
});

describe("a computer that lacks something:", () => {
  test("an image without a kernel says which to take", async () => {
    const folder = mkdtempSync("/tmp/bw-goods-");
    try {
      await withWorld({ config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
        // The image by a link to the shared one, in a store without kernels.
        mkdirSync(join(folder, "banger/images"), { recursive: true, mode: 0o700 });
        const shared = join(world.environment["XDG_DATA_HOME"] ?? "", "banger/images", goods.image);
        execFileSync("cp", ["-al", shared, join(folder, "banger/images", goods.image)]);
        const ran = await world.banger(["vm", "create", "dev"], { env: { XDG_DATA_HOME: folder } });
        expectRefusal(ran, 1, "kernel", "banger kernel pull debian-6.12");
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("no QEMU where the config says, or none at all, says what to install", async () => {
    const nowhere = "/nowhere/qemu-system-x86_64";
    await withWorld({ config: `[drivers]\nqemu_binary = "${nowhere}"\n`, isolatedCache: true }, async (world) => {
      const ran = await world.banger(["vm", "create", "dev", "--kernel", goods.kernel]);
      expectRefusal(ran, 1, `no driver can be used here: qemu: ${nowhere} is not installed`, /qemu_binary|apt-get install qemu-system-x86/);
      expect(listFolders(world).filter((path) => path.includes("/vms/"))).toEqual([]);
    });
  });

  test("a run folder that leaves no room for sockets says which variable to shorten", async () => {
    await withWorld({}, async (world) => {
      const long = join(world.folder, "r".repeat(90));
      const before = listFolders(world);
      const ran = await world.banger(["vm", "list"], { env: { XDG_RUNTIME_DIR: long } });
      expectRefusal(ran, 1, `cannot use the run folder ${long}`, "set BANGER_HOME or XDG_RUNTIME_DIR to a shorter path");
      expect(listFolders(world).filter((path) => !/^state\/banger\/(daemon\.log)?$/.test(path))).toEqual([...before]);
      await expectNobody(world);
    });
  });

  test("a run folder that is a link, or that others may enter, is refused", async () => {
    await withWorld({}, async (world) => {
      const elsewhere = join(world.folder, "elsewhere");
      mkdirSync(elsewhere, { mode: 0o700 });
      symlinkSync(elsewhere, join(world.folder, "run/banger"));
      expectRefusal(await world.banger(["vm", "list"]), 1, `cannot use the folder .*run/banger: it is a link`, "move it away");
      rmSync(join(world.folder, "run/banger"));
      mkdirSync(join(world.folder, "run/banger"), { mode: 0o755 });
      expectRefusal(await world.banger(["vm", "list"]), 1, `cannot use the folder .*run/banger: others may enter it`, "chmod 700");
      rmSync(join(world.folder, "run/banger"), { recursive: true });
      expect(readdirSync(elsewhere)).toEqual([]);
      await expectNobody(world);
    });
  });

  test("a run folder of another owner is refused, and nothing in it is believed", async () => {
    await withWorld({}, async (world) => {
      const folder = join(world.folder, "run/banger");
      mkdirSync(folder, { mode: 0o700 });
      const liar = await listen(join(folder, "banger.sock"), (_request, response) => response.end('{"vms":[]}'));
      // Anybody has ids to give a file to, as images need them, and may take back what is below a folder of his own.
      asAllOurIds("chown", "--recursive", "1", folder);
      const ran = await world.banger(["vm", "list"]);
      asAllOurIds("rm", "--recursive", folder);
      await liar[Symbol.asyncDispose]();
      expectRefusal(ran, 1, `cannot use the folder .*run/banger: it belongs to uid [1-9]`, "BANGER_HOME");
    });
  });

  test("a disk that is full is named, before anything is begun and in the middle", async () => {
    const disk = mkdtempSync("/tmp/bw-disk-");
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rmSync(disk, { recursive: true }));
    const place = undo.use(await openNamespaces(["--mount"], `mount -t tmpfs -o size=320m,mode=0700 tmpfs "${disk}"`));
    await withWorld({ config: '[drivers]\norder = ["fake"]\n', prefix: place.argv([]) }, async (world) => {
      symlinkSync(disk, join(world.folder, "state"));
      const state = place.inside(disk);
      const vms = (): readonly string[] => (existsSync(join(state, "banger/vms")) ? readdirSync(join(state, "banger/vms")) : []);
      await world.ok(["vm", "list"]);
      // Enough to plan, and not enough for the disks.
      const fill = (megabytes: number): void => writeFileSync(join(state, "fill"), Buffer.alloc(megabytes * 2 ** 20));
      fill(200);
      expectRefusal(await world.banger(["vm", "create", "dev", "--kernel", goods.kernel]), 1, /has only \d+ MiB left/, "free some space");
      expect(vms()).toEqual([]);
      rmSync(join(state, "fill"));
      await world.ok(["vm", "create", "dev", "--kernel", goods.kernel]);
      expect(vms()).toHaveLength(1);
      await world.ok(["vm", "delete", "--force", "dev"]);
      await world.ok(["daemon", "stop"]);
      // Not a byte is left: what is held for the daemon goes, so that vms can be deleted through it.
      const fillUp = (name: string): unknown => execFileSync("sh", ["-c", `cat /dev/zero > ${join(state, name)} 2> /dev/null || true`]);
      fillUp("fill");
      await world.ok(["vm", "list"]);
      expectRefusal(await world.banger(["vm", "create", "dev", "--kernel", goods.kernel]), 1, /has only \d+ MiB left/, "free some space");
      await world.ok(["daemon", "stop"]);
      expect(existsSync(join(state, "banger/ballast"))).toBe(false);
      // Somebody else takes that, too.
      fillUp("more");
      expectRefusal(await world.banger(["vm", "list"]), 1, "cannot start the daemon: the disk that holds", "free some space");
      for (const name of ["fill", "more"]) rmSync(join(state, name));
      await world.ok(["vm", "create", "dev", "--kernel", goods.kernel]);
      await world.ok(["vm", "delete", "--force", "dev"]);
    });
  });
});

/** A daemon that could not start says so a moment before it has ended. */
async function expectNobody({ folder }: World): Promise<void> {
  for (const deadline = Date.now() + 10_000; processesOf(folder).length > 0 && Date.now() < deadline;) await Bun.sleep(10);
  expect(processesOf(folder)).toEqual([]);
}

/** Runs a program as root over all ids that are ours: by right, or in a user namespace. */
function asAllOurIds(...argv: readonly [string, ...string[]]): void {
  const [program, ...rest] = process.getuid?.() === 0 ? argv : (["unshare", "--map-root-user", "--map-auto", ...argv] as const);
  execFileSync(program, rest);
}

describe("a daemon of another version", () => {
  test("is named with its version and ours, and how to end it", async () => {
    await withWorld({}, async (world) => {
      const folder = join(world.folder, "run/banger");
      mkdirSync(folder, { mode: 0o700 });
      const seen: string[] = [];
      await using _old = await listen(join(folder, "banger.sock"), (request, response) => {
        seen.push(`${request.method} ${request.url} ${String(request.headers["banger-version"])}`);
        response.writeHead(409, { "content-type": "application/json" }).end(
          JSON.stringify({
            code: "daemon_version_differs",
            kind: "refused",
            message: "cannot do it: this is banger 0.1.0, and the daemon that runs is 0.0.9",
            hint: "banger daemon stop",
          }),
        );
      });
      expectRefusal(
        await world.banger(["vm", "list"]),
        1,
        "this is banger 0.1.0, and the daemon that runs is 0.0.9",
        "try: banger daemon stop",
      );
      expect(seen).toEqual(["GET /v1/vms 0.1.0"]);
      expect(readFileSync(join(world.folder, "run/banger/../../config/banger/config.toml"), { encoding: "utf8", flag: "a+" })).toBe("");
    });
  });

  test("that dies in the middle of an operation is not asked a second time", async () => {
    await withWorld({ config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
      const folder = join(world.folder, "run/banger");
      mkdirSync(folder, { mode: 0o700 });
      const socket = join(folder, "banger.sock");
      const server = await listen(socket, (_request, response) => {
        response.writeHead(200, { "content-type": "application/x-ndjson", "banger-operation": "0123456789abcdef" });
        response.write(`${JSON.stringify({ seq: 0, at: 1, type: "stage", stage: "resolve", state: "started" })}\n`);
        setTimeout(() => {
          rmSync(socket);
          response.destroy();
        }, 50);
      });
      const ran = await world.banger(["vm", "create", "--kernel", goods.kernel]);
      await server[Symbol.asyncDispose]();
      expectRefusal(ran, 1, "the banger daemon ended before the operation did", "banger ps; a vm that is listed goes on by banger start");
      expect((await world.json<{ vms: readonly unknown[] }>(["vm", "list"])).vms).toEqual([]);
    });
  });
});

async function listen(
  path: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server & AsyncDisposable> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

test("a daemon that hangs and whose socket is gone is told as such, and none is said to be started", async () => {
  await withWorld({}, async (world) => {
    await world.ok(["daemon", "start"]);
    const pid = world.daemonPid() ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      rmSync(join(world.folder, "run/banger/banger.sock"));
      expectRefusal(await world.banger(["daemon", "start"]), 1, "one runs, holds .*daemon.lock, and listens nowhere", "fuser -v");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await untilEnded(pid);
    await world.ok(["daemon", "start"]);
  });
});
