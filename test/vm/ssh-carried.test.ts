/** OpenSSH into guests whose image has no sshd: banger brings one. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { makeRoot } from "../support/made-disks.ts";
import { runProgram } from "../support/run-program.ts";
import { closeWorld, openWorld, withWorld, type Ran, type World } from "../support/world.ts";

setDefaultTimeout(300_000);

const MIB = 2 ** 20;

let world: World;
let stateFolder: string;
const configured = (): readonly string[] => ["-F", join(world.environment["HOME"] ?? "", ".ssh/config")];
const ssh = (words: readonly string[], input: string | Uint8Array = ""): Promise<Ran> =>
  runProgram(world, "ssh", [...configured(), ...words], { input });
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

beforeAll(async () => {
  const { kernel } = await openGoods();
  world = await openWorld();
  await world.ok(["vm", "create", "dev", "--kernel", kernel, "--env", "FROM_VM=yes"]);
  expect(await world.ok(["vm", "show", "dev"])).toMatch(/^ssh +the image's sshd$/m);
  // All that makes an image of one without.
  await world.ok(["exec", "dev", "--", "sh", "-c", "rm /usr/sbin/sshd; rm -f /usr/bin/ssh-keygen"]);
  const { path } = await world.json<{ path: string }>(["ssh-config"]);
  stateFolder = join(path, "..");
});
afterAll(async () => closeWorld(world));

test("a command runs as root, with its input, its exit code and the vm's environment", async () => {
  expect(await world.json(["vm", "show", "dev"])).toMatchObject({ ssh: "banger" });
  expect(await world.ok(["vm", "show", "dev"])).toMatch(/^ssh +banger's sshd$/m);
  const ran = await world.banger(["ssh", "dev", "--", "id -un; echo $FROM_VM; cat; exit 7"], { input: "from outside\n" });
  expect(ran).toMatchObject({ code: 7, stdout: "root\nyes\nfrom outside\n" });
});

test("the program lies below /run, for root alone, and is sent once", async () => {
  const where = "ls -i /run/banger/ssh/sshd-* | wc -l; stat -c '%i %a %u' /run/banger/ssh/sshd-*; ls -A /run/banger/ssh | wc -l";
  const before = await world.ok(["exec", "dev", "--", "sh", "-c", where]);
  expect(before).toMatch(/^1\n\d+ 700 0\n4\n$/);
  expect(await ssh(["dev.banger", "true"])).toMatchObject({ code: 0 });
  expect(await world.ok(["exec", "dev", "--", "sh", "-c", where])).toBe(before);
  const port = await world.ok(["exec", "dev", "--", "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A ' || true"]);
  expect(port).toBe("0\n");
});

test("another user of the guest is logged in to by the same key, and is that user in everything", async () => {
  await world.ok(["exec", "dev", "--", "useradd", "--create-home", "web"]);
  const show = "id -un; pwd; cat /etc/shadow > /dev/null 2>&1 || echo none";
  expect(await world.banger(["ssh", "dev", "-l", "web", "--", show])).toMatchObject({ code: 0, stdout: "web\n/home/web\nnone\n" });
  writeFileSync(join(world.folder, "mine"), "mine\n");
  expect(await runProgram(world, "scp", [...configured(), "-q", "mine", "web@dev.banger:"])).toMatchObject({ code: 0 });
  expect(await world.ok(["exec", "dev", "--", "stat", "-c", "%U", "/home/web/mine"])).toBe("web\n");
  expect(await runProgram(world, "scp", [...configured(), "-q", "mine", "web@dev.banger:/root/"])).not.toMatchObject({ code: 0 });
  const nobody = await ssh(["-l", "nobody-of-that-name", "-o", "BatchMode=yes", "dev.banger", "true"]);
  expect(nobody).toMatchObject({ code: 255, stderr: expect.stringContaining("Permission denied (publickey") });
});

test("a shell has a terminal of the client's kind, and ends with its code", async () => {
  const ran = await runProgram(world, "ssh", [...configured(), "-tt", "dev.banger"], {
    input: "tty; echo $TERM; stty size; exit 5\n",
    env: { TERM: "xterm-256color" },
  });
  expect(ran.code).toBe(5);
  expect(ran.stdout).toMatch(/^\/dev\/pts\/\d+\r$/m);
  expect(ran.stdout).toMatch(/^xterm-256color\r$/m);
});

test("scp brings files there and back, and git clones", async () => {
  writeFileSync(join(world.folder, "notes.md"), "written here\n");
  expect(await runProgram(world, "scp", [...configured(), "-q", "notes.md", "dev.banger:/tmp/there.md"])).toMatchObject({ code: 0 });
  expect(await runProgram(world, "scp", [...configured(), "-q", "dev.banger:/tmp/there.md", "back.md"])).toMatchObject({ code: 0 });
  expect(readFileSync(join(world.folder, "back.md"), "utf8")).toBe("written here\n");
  const make =
    "git init -q /srv/repo && cd /srv/repo && echo hello > file && git add file && git -c user.name=a -c user.email=a@b.c commit -qm first";
  expect(await ssh(["dev.banger", make])).toMatchObject({ code: 0 });
  const env = { GIT_SSH_COMMAND: ["ssh", ...configured()].join(" "), GIT_CONFIG_GLOBAL: "/dev/null" };
  expect(await runProgram(world, "git", ["clone", "-q", "dev.banger:/srv/repo", "clone"], { env })).toMatchObject({ code: 0 });
  expect(readFileSync(join(world.folder, "clone/file"), "utf8")).toBe("hello\n");
});

test("64 MiB arrive as they were sent, in both directions at once", async () => {
  const content = randomBytes(64 * MIB);
  expect(await ssh(["dev.banger", "sha256sum"], content)).toMatchObject({ code: 0, stdout: `${sha256(content)}  -\n` });
  const child = spawn("ssh", [...configured(), "dev.banger", "cat"], { env: world.environment, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(content);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  expect([bytes, hash.digest("hex")]).toEqual([content.length, sha256(content)]);
});

test("-A lends the keys of the client's ssh-agent, for as long as the connection lasts", async () => {
  const socket = join(world.folder, "agent.sock");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await new Promise((resolve) => agent.stdout.once("data", resolve));
    const env = { SSH_AUTH_SOCK: socket };
    const key = join(stateFolder, "id_ed25519");
    expect(await runProgram(world, "ssh-add", ["-q", key], { env })).toMatchObject({ code: 0 });
    const ran = await world.banger(["ssh", "-A", "dev", "--", "ssh-add -L; echo $SSH_AUTH_SOCK"], { env });
    const [listed = "", path = ""] = ran.stdout.split("\n");
    expect(listed).toContain(readFileSync(`${key}.pub`, "utf8").split(" ")[1] ?? "none");
    expect(await world.banger(["exec", "dev", "--", "sh", "-c", `until [ ! -e ${path} ]; do sleep 0.1; done; echo gone`])).toMatchObject({
      stdout: "gone\n",
    });
  } finally {
    agent.kill();
  }
});

test("-L and -R lead to a port of the guest, and from one", async () => {
  const serve =
    'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or exit 0; print "up\\n"; if (!fork) { open STDOUT, ">/dev/null"; open STDERR, ">/dev/null"; while (my $c = $s->accept) { print $c "hello from the guest\\n"; close $c } }';
  await world.ok(["exec", "dev", "--", "sh", "-c", 'perl -e "$1" < /dev/null | head -n 1', "sh", serve]);
  const here = createServer((socket) => void socket.end("hello from here\n"));
  await new Promise<void>((resolve) => here.listen(0, "127.0.0.1", resolve));
  const listening = here.address();
  const port = listening !== null && typeof listening !== "string" ? listening.port : 0;
  const local = join(world.folder, "forward.sock");
  const forwards = ["-L", `${local}:localhost:8080`, "-R", `9090:127.0.0.1:${port}`, "-o", "ExitOnForwardFailure=yes"];
  const child = spawn("ssh", [...configured(), ...forwards, "dev.banger", "echo ready; cat"], {
    env: world.environment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(await text(connect(local))).toBe("hello from the guest\n");
    const ask = 'use IO::Socket::INET; my $s = IO::Socket::INET->new("127.0.0.1:9090") or die $!; print while <$s>';
    expect(await world.ok(["exec", "dev", "--", "perl", "-e", ask])).toBe("hello from here\n");
  } finally {
    child.stdin.end();
    here.close();
  }
});

test("a key that is not ours does not get in, and a guest that has another key is not spoken to", async () => {
  const key = join(world.folder, "stranger");
  expect((await runProgram(world, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])).code).toBe(0);
  const options = ["BatchMode=yes", "IdentitiesOnly=yes", `IdentityFile=${key}`, `UserKnownHostsFile=${join(stateFolder, "known_hosts")}`];
  const proxy = `ProxyCommand=${world.program} internal ssh-proxy dev`;
  const words = ["-F", "/dev/null", ...[...options, proxy].flatMap((option) => ["-o", option]), "root@dev.banger", "true"];
  const stranger = await runProgram(world, "ssh", words);
  expect(stranger).toMatchObject({ code: 255, stderr: expect.stringContaining("Permission denied (publickey") });
  const known = join(stateFolder, "known_hosts");
  const line = readFileSync(known, "utf8");
  appendFileSync(known, line.replace("dev.banger", "other.banger").replace(/.$/m, "A"));
  const other = await ssh(["-o", proxy, "other.banger", "true"]);
  expect(other).toMatchObject({ code: 255, stderr: expect.stringContaining("Host key verification failed") });
});

test("keys of other types come in", async () => {
  for (const type of ["ecdsa", "rsa"]) {
    const key = join(world.folder, `my-${type}`);
    expect((await runProgram(world, "ssh-keygen", ["-q", "-t", type, "-N", "", "-f", key])).code).toBe(0);
    await withWorld({ config: `[ssh]\nkey = "${key}"\n` }, async (mine) => {
      const { kernel } = await openGoods();
      await mine.ok(["vm", "create", "other", "--kernel", kernel]);
      expect(await mine.banger(["ssh", "other", "--", "echo in"])).toMatchObject({ code: 0, stdout: "in\n" });
      await mine.ok(["exec", "other", "--", "rm", "/usr/sbin/sshd"]);
      expect(await mine.banger(["ssh", "other", "--", "echo in"])).toMatchObject({ code: 0, stdout: "in\n" });
    });
  }
});

test("an image that is busybox and little else is logged in to", async () => {
  const { kernel } = await openGoods();
  await withWorld({ isolatedGoods: true }, async (little) => {
    copyGoods(little, [["kernels", kernel]]);
    await little.ok(["image", "import", "little", "--from", makeRoot(join(little.folder, "root")), "--kernel-ref", kernel]);
    await little.ok(["vm", "create", "dev", "--image", "little"], { timeoutMs: 300_000 });
    expect(await little.banger(["ssh", "dev", "--", "cat /srv/page; exit 3"])).toMatchObject({ code: 3, stdout: "hello\n" });
    expect(await little.banger(["ssh", "dev", "-t", "--", "echo in"])).toMatchObject({ code: 0 });
  });
});
