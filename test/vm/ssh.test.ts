/** OpenSSH, scp and git into a real guest without a network: `banger ssh`, and plain `ssh NAME.banger`. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { runProgram } from "../support/run-program.ts";
import { closeWorld, openWorld, type Ran, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

let world: World;
let stateFolder: string;
/** With the file that `banger ssh-config` has changed; OpenSSH itself looks in the home of the password file. */
const configured = (): readonly string[] => ["-F", join(world.environment["HOME"] ?? "", ".ssh/config")];

const run = (program: string, words: readonly string[], input = "", env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  runProgram(world, program, words, { input, env });

beforeAll(async () => {
  const { kernel } = await openGoods();
  world = await openWorld();
  await world.ok(["vm", "create", "dev", "--kernel", kernel]);
  const { path } = await world.json<{ path: string }>(["ssh-config"]);
  stateFolder = join(path, "..");
});
afterAll(async () => closeWorld(world));

test("a command runs as root, with its stdin and its exit code, and an image's own files are as they were", async () => {
  const files = "cat /root/.ssh/authorized_keys /etc/ssh/sshd_config 2>/dev/null | sha256sum; ls /etc/ssh";
  const before = await world.ok(["exec", "dev", "--", "sh", "-c", files]);
  const ran = await world.banger(["ssh", "dev", "--", "id -un; cat; exit 7"], { input: "from outside\n" });
  expect(ran).toMatchObject({ code: 7, stdout: "root\nfrom outside\n" });
  expect(await world.ok(["exec", "dev", "--", "sh", "-c", files])).toBe(before);
  expect(statSync(join(stateFolder, "id_ed25519")).mode & 0o777).toBe(0o600);
});

test("another user of the guest is logged in to by the same key", async () => {
  await world.ok(["exec", "dev", "--", "useradd", "--create-home", "web"]);
  expect(await world.banger(["ssh", "dev", "-l", "web", "--", "id -un; pwd"])).toMatchObject({ code: 0, stdout: "web\n/home/web\n" });
});

test("plain ssh, scp and git reach NAME.banger", async () => {
  const seconds = Date.now();
  writeFileSync(join(world.folder, "notes.md"), `written at ${seconds}\n`);
  expect(await run("ssh", [...configured(), "dev.banger", "hostname"])).toMatchObject({ code: 0, stdout: "dev\n" });
  expect(await run("scp", [...configured(), "-q", "notes.md", "dev.banger:/tmp/there.md"])).toMatchObject({ code: 0 });
  expect(await run("scp", [...configured(), "-q", "dev.banger:/tmp/there.md", "back.md"])).toMatchObject({ code: 0 });
  expect(readFileSync(join(world.folder, "back.md"), "utf8")).toBe(`written at ${seconds}\n`);

  const make =
    "command -v git > /dev/null || exit 3; git init -q /srv/repo && cd /srv/repo && echo hello > file && git add file && git -c user.name=a -c user.email=a@b.c commit -qm first";
  const made = await run("ssh", [...configured(), "dev.banger", make]);
  expect(made).toMatchObject({ code: 0 });
  const git = { GIT_SSH_COMMAND: ["ssh", ...configured()].join(" "), GIT_CONFIG_GLOBAL: "/dev/null" };
  expect(await run("git", ["clone", "-q", "dev.banger:/srv/repo", "clone"], "", git)).toMatchObject({ code: 0 });
  expect(readFileSync(join(world.folder, "clone/file"), "utf8")).toBe("hello\n");
});

test("a guest that is known by another key than it has is not spoken to", async () => {
  const known = join(stateFolder, "known_hosts");
  const line = readFileSync(known, "utf8");
  // The proxy tells the right one before each connection; so this asks for a name of which nobody has told.
  appendFileSync(known, line.replace("dev.banger", "other.banger").replace(/.$/m, "A"));
  const proxy = `ProxyCommand=${world.program} internal ssh-proxy dev`;
  const ran = await run("ssh", [...configured(), "-o", proxy, "other.banger", "true"]);
  expect(ran.code).toBe(255);
  expect(ran.stderr).toContain("Host key verification failed");
});

test("a key that is not ours does not get in", async () => {
  const key = join(world.folder, "stranger");
  expect((await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])).code).toBe(0);
  const ran = await run("ssh", [
    ...configured(),
    "-o",
    `IdentityFile=${key}`,
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentitiesOnly=yes",
    "-F",
    "/dev/null",
    "-o",
    `ProxyCommand=${world.program} internal ssh-proxy dev`,
    "-o",
    `UserKnownHostsFile=${join(stateFolder, "known_hosts")}`,
    "root@dev.banger",
    "true",
  ]);
  expect(ran.code).toBe(255);
  expect(ran.stderr).toContain("Permission denied (publickey");
});

test("what cannot be reached is told before ssh could", async () => {
  expect(await world.banger(["ssh", "nobody"])).toMatchObject({ code: 125, stderr: expect.stringContaining("there is no vm nobody") });
  await world.ok(["vm", "create", "off", "--no-start"]);
  expect(await world.banger(["ssh", "off"])).toMatchObject({ code: 125, stderr: expect.stringContaining("banger vm start off") });
  expect(await world.json(["vm", "show", "off"])).toMatchObject({ ssh: null });
  expect(await world.json(["vm", "show", "dev"])).toMatchObject({ ssh: "image" });
});

test("ssh-config can be undone, and leaves what the user has written", async () => {
  const path = configured()[1] ?? "";
  appendFileSync(path, "Host mine\n  User me\n");
  expect(await world.json(["ssh-config"])).toMatchObject({ userPath: path, isChanged: true });
  await world.ok(["ssh-config", "--remove"]);
  expect(readFileSync(path, "utf8")).toBe("Host mine\n  User me\n");
});
