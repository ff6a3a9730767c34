/** The steps of the golden image, run as they are; the programs of the system that they would change it by are stand-ins. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { REPOSITORY } from "../support/world.ts";
import { endSigner, makeSigner } from "./kernel-build-world.ts";

const keys = mkdtempSync("/tmp/bgk-");
const docker = makeSigner(keys, "docker");
const stranger = makeSigner(keys, "stranger");
const folders: string[] = [keys];
afterAll(() => {
  endSigner(docker);
  endSigner(stranger);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let folder = "";

beforeEach(() => {
  folder = mkdtempSync("/tmp/bgs-");
  folders.push(folder);
  cpSync(join(REPOSITORY, "images/golden"), join(folder, "golden"), { recursive: true });
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "etc/apt/sources.list.d"), { recursive: true });
  writeFileSync(join(folder, "etc/os-release"), "VERSION_CODENAME=bookworm\n");
  program("dpkg", "echo amd64");
  program("apt-get", `echo "$@" >> ${folder}/apt.log`);
  // What would be fetched lies in the folder, under the last word of its address.
  program("curl", `while test $# -gt 1; do test "$1" != -o || out=$2; shift; done; cp "${folder}/$(basename "$1")" "$out"`);
});

function program(name: string, script: string): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function pin(name: string, value: string): void {
  const path = join(folder, "golden/pins.sh");
  writeFileSync(path, readFileSync(path, "utf8").replace(new RegExp(`^${name}=.*$`, "m"), `${name}=${value}`));
}

function run(script: string, ...words: readonly string[]): { readonly code: number; readonly out: string; readonly err: string } {
  const env = { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, GOLDEN_ETC: join(folder, "etc") };
  const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", join(folder, "golden", script), ...words], { env });
  return { code: exitCode, out: String(stdout), err: String(stderr) };
}

/** Runs a line with what the steps share. */
function runLine(line: string): ReturnType<typeof run> {
  writeFileSync(join(folder, "golden/line.sh"), `set -eu\n. "$(dirname "$0")/lib.sh"\n${line}\n`);
  return run("line.sh");
}

const aptLog = (): string => (existsSync(join(folder, "apt.log")) ? readFileSync(join(folder, "apt.log"), "utf8") : "");
const SOURCE = "etc/apt/sources.list.d/docker.list";
const KEYRING = "etc/apt/keyrings/docker.gpg";

test("Docker's archive is taken by the key that is pinned", () => {
  pin("DOCKER_KEY_FINGERPRINT", docker.fingerprint);
  writeFileSync(join(folder, "gpg"), docker.exported());
  expect(run("docker.sh")).toMatchObject({ code: 0, err: "" });
  expect(readFileSync(join(folder, SOURCE), "utf8")).toBe(
    `deb [arch=amd64 signed-by=${folder}/${KEYRING}] https://download.docker.com/linux/debian bookworm stable\n`,
  );
  expect(String(docker.gpg(["--show-keys", "--with-colons", join(folder, KEYRING)]))).toContain(docker.fingerprint);
  expect(aptLog()).toMatch(
    /^install .* gpg\nupdate\ninstall .*docker-ce docker-ce-cli containerd\.io docker-buildx-plugin docker-compose-plugin/,
  );
  expect(readFileSync(join(folder, "etc/docker/daemon.json"), "utf8")).toContain("/root/.local/share/docker");
});

test.each([
  ["another key", () => stranger.exported()],
  ["the key and another", () => Buffer.concat([docker.exported(), stranger.exported()])],
  ["another key and the key", () => Buffer.concat([stranger.exported(), docker.exported()])],
  ["no key at all", () => Buffer.from("<html>not found</html>\n")],
  ["nothing", () => Buffer.from("")],
])("with %s nothing of Docker's archive is read", (_what, content) => {
  pin("DOCKER_KEY_FINGERPRINT", docker.fingerprint);
  writeFileSync(join(folder, "gpg"), content());
  const ran = run("docker.sh");
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(
    /^golden image: cannot (?:trust Docker's archive: its key is .*and not [0-9A-F]{40}|read the key of Docker's archive)\n$/,
  );
  expect([existsSync(join(folder, SOURCE)), existsSync(join(folder, KEYRING))]).toEqual([false, false]);
  expect(aptLog()).toBe("install -y --no-install-recommends ca-certificates curl gpg\n");
});

test("a key that cannot be fetched ends it", () => {
  expect(run("docker.sh")).toMatchObject({
    code: 1,
    err: expect.stringContaining("cannot fetch https://download.docker.com/linux/debian/gpg\n"),
  });
  expect(aptLog()).not.toContain("update");
});

test("Docker of Debian comes with what the suite has of compose and buildx", () => {
  pin("DOCKER_FROM", "debian");
  program("apt-cache", 'test "$2" = docker-compose');
  expect(run("docker.sh")).toMatchObject({
    code: 0,
    out: "this suite of Debian has no docker-cli\nthis suite of Debian has no docker-buildx\n",
  });
  expect(aptLog()).toMatch(/^update\ninstall .*docker\.io iptables\ninstall .*docker-compose\n$/);
  expect(existsSync(join(folder, SOURCE))).toBe(false);
});

test("Docker from anywhere else is refused", () => {
  pin("DOCKER_FROM", "elsewhere");
  expect(run("docker.sh")).toMatchObject({ code: 1, err: "golden image: cannot install Docker from elsewhere: upstream or debian\n" });
});

test.each(["docker.sh", "tools.sh"])("an unknown architecture is refused by %s", (script) => {
  program("dpkg", "echo riscv64");
  const ran = run(script);
  expect(ran).toMatchObject({ code: 1, err: "golden image: cannot be built for riscv64: only amd64 and arm64 are known\n" });
  expect(aptLog()).toBe("");
});

test("a program without a digest for the architecture is refused before it is fetched", () => {
  program("dpkg", "echo arm64");
  program("curl", `touch ${folder}/fetched`);
  expect(run("tools.sh")).toMatchObject({ code: 1, err: "golden image: cannot install MISE on arm64: pins.sh has no digest of it\n" });
  expect(existsSync(join(folder, "fetched"))).toBe(false);
});

test("what is fetched is what its digest says, or is not there", () => {
  writeFileSync(join(folder, "mise.tgz"), "content");
  const sha256 = createHash("sha256").update("content").digest("hex");
  expect(runLine(`fetch https://registry.example/mise.tgz ${sha256} ${folder}/got`)).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, "got"), "utf8")).toBe("content");
  const wrong = runLine(`fetch https://registry.example/mise.tgz ${"0".repeat(64)} ${folder}/other`);
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain(`cannot take https://registry.example/mise.tgz: its sha256 is ${sha256} and not 0000`);
  expect([existsSync(join(folder, "other")), existsSync(join(folder, "other.part"))]).toEqual([false, false]);
});

const TOOLS = ["node", "npm", "opencode", "claude", "pi"];

test("the tools are there when each of them starts", () => {
  for (const name of TOOLS) program(name, `echo ${name} 1.0`);
  const ran = run("tools.sh", "require", join(folder, "bin"));
  expect(ran).toEqual({ code: 0, out: TOOLS.map((name) => `${name} 1.0\n`).join(""), err: "" });
});

test.each(TOOLS)("without %s, or with one that does not start, the build ends", (missing) => {
  for (const name of TOOLS) program(name, "echo 1.0");
  const bin = join(folder, "bin");
  program(missing, "exit 3");
  expect(run("tools.sh", "require", bin)).toMatchObject({ code: 1, err: `golden image: cannot go on: ${bin}/${missing} does not start\n` });
  rmSync(join(bin, missing));
  expect(run("tools.sh", "require", bin)).toMatchObject({
    code: 1,
    err: `golden image: cannot go on: there is no program ${bin}/${missing}\n`,
  });
});
