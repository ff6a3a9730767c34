/** Building kernels: who is believed, and what is left when it goes wrong. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type { OperationContext } from "../../src/operations/operations.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { packSource, VERSION, writeSource } from "../support/little-compiler.ts";
import { placesLeft } from "../support/noted-places.ts";
import { silentLog } from "./images-silent-log.ts";
import { endSigner, makeSigner, openBuildWorld } from "./kernel-build-world.ts";
import type { BuildWorld, Release, Signer } from "./kernel-build-world.ts";

setDefaultTimeout(60_000);

const MIB = 2 ** 20;
const folder = mkdtempSync("/tmp/bkk-");
const signers: Signer[] = [];
const signerOf = (name: string, ...options: readonly string[]): Signer => {
  const made = makeSigner(folder, name, ...options);
  signers.push(made);
  return made;
};
let signer: Signer;
let world: BuildWorld;
const canary = join(folder, "canary");

beforeAll(async () => {
  mkdirSync(canary);
  writeFileSync(join(canary, "file"), "canary");
  signer = signerOf("release");
});
afterAll(() => {
  signers.forEach(endSigner);
  rmSync(folder, { recursive: true, force: true });
});

const contextOf = (stages: string[] = [], signal = new AbortController().signal): OperationContext => ({
  operationId: "test",
  signal,
  about: () => undefined,
  notice: () => undefined,
  output: () => undefined,
  stage: (name, body) => {
    stages.push(name);
    return body({ progress: () => undefined, note: () => undefined });
  },
});

/** Where it is built. */
const folders = (): readonly string[] => placesLeft(world.bin);

/** Builds, and gives the error with the stages up to it; whatever happens nothing may be left. */
async function refusal(of: Kernels, request: Partial<Parameters<Kernels["build"]>[0]> = {}) {
  const stages: string[] = [];
  const error: unknown = await of.build({ name: "k", ...request }, contextOf(stages)).catch((reason: unknown) => reason);
  expect(existsSync(join(world.system.layout.kernels, "k"))).toBe(false);
  expect(readdirSync(world.system.layout.kernels)).toEqual([]);
  expect(world.leases.list()).toEqual([]);
  expect(folders()).toEqual([]);
  expect(readFileSync(join(canary, "file"), "utf8")).toBe("canary");
  return { error, stages };
}

test("a release that a pinned key signed is built, and nothing else is left", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  const gnupg = join(process.env["HOME"] ?? "/root", ".gnupg");
  const list = (): readonly string[] => (existsSync(gnupg) ? readdirSync(gnupg, { recursive: true }).map(String) : []);
  const before = list();
  const stages: string[] = [];
  const kernel = await world.kernels.build({ name: "k" }, contextOf(stages));
  expect(kernel).toMatchObject({ name: "k", source: "build", version: `${VERSION}-banger`, modules: [], problems: [] });
  expect(stages).toEqual(["tools", "source", "verify", "unpack", "configure", "compile", "store"]);
  expect((await world.kernels.bootSet("k")).needsAcpi).toBe(false);
  expect(readFileSync(join(world.system.layout.kernelBuilds, "k.log"), "utf8")).toContain("  CC      init/main.o");
  expect(folders()).toEqual([]);
  expect(world.leases.list()).toEqual([]);
  expect(list()).toEqual(before);
  expect(world.answers.asked.some((asked) => asked.startsWith("/second"))).toBe(false);
  expect(await world.kernels.build({ name: "k" }, contextOf()).catch((error: unknown) => error)).toMatchObject({ code: "kernel_exists" });
});

test("the second key server is asked when the first has a key that gpg cannot use, or none", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  world.answers.keys[1].set(signer.fingerprint, signer.exported());
  world.answers.keys[0].set(signer.fingerprint, Buffer.from("no key at all"));
  expect(await world.kernels.build({ name: "k" }, contextOf())).toMatchObject({ name: "k" });
});

const spoiled: readonly (readonly [string, string, () => void | Promise<void>])[] = [
  [
    "one byte that was flipped, before it was packed",
    "signature_bad",
    () => {
      const { signature } = world.release();
      world.release({ flipped: "x" });
      world.answers.files.set(`/v6.x/linux-${VERSION}.tar.sign`, signature);
    },
  ],
  [
    "a stranger's key that a key server gives out for the pinned one",
    "signing_keys_missing",
    () => {
      const stranger = signerOf("stranger");
      world.release({}, stranger);
      world.answers.keys[0].set(signer.fingerprint, stranger.exported());
    },
  ],
  [
    "a stranger's signature",
    "signature_not_pinned",
    () => {
      world.release({}, signerOf("another"));
    },
  ],
  [
    "a stranger's key that comes along with the pinned one",
    "signature_not_pinned",
    () => {
      const stranger = signerOf("along");
      world.release({}, stranger);
      world.answers.keys[0].set(signer.fingerprint, Buffer.concat([signer.exported(), stranger.exported()]));
    },
  ],
  [
    "something that is no signature, of which gpg does not wait for the end",
    "signature_missing",
    () => {
      world.release({ large: randomBytes(2 ** 20) });
      world.answers.files.set(`/v6.x/linux-${VERSION}.tar.sign`, Buffer.from("nothing of the kind"));
    },
  ],
  [
    "another release in its place, which was signed as well",
    "other_version",
    () => {
      world.release({ Makefile: "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 8\n" });
    },
  ],
];

test.each(spoiled)("refused: %s", async (_what, code, spoil) => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  await spoil();
  const { error, stages } = await refusal(world.kernels);
  expect(error).toMatchObject({ code });
  if (code !== "other_version") expect(stages.at(-1)).toBe("verify");
  expect(readdirSync(world.system.layout.downloads).filter((name) => name.startsWith("url-") && code.startsWith("signature_"))).toEqual([]);
});

test("refused: a key that has expired, and one that was revoked", async () => {
  const old = signerOf("old", "--faked-system-time", "20200101T000000");
  const revoked = signerOf("revoked");
  for (const by of [old, revoked]) {
    await using opened = await openBuildWorld(by);
    world = opened;
    if (by === revoked) world.release({}, by);
    else {
      const { packed } = world.release({}, signer);
      const content = Bun.spawnSync(["xz", "-dc"], { stdin: packed }).stdout;
      world.answers.files.set(`/v6.x/linux-${VERSION}.tar.sign`, by.sign(content, "--faked-system-time", "20200101T010000"));
    }
    if (by === revoked) {
      const path = join(by.home, "openpgp-revocs.d", `${by.fingerprint}.rev`);
      by.gpg(["--import"], Buffer.from(readFileSync(path, "utf8").replace(":-----BEGIN", "-----BEGIN")));
    }
    world.answers.keys[0].set(by.fingerprint, by.exported());
    const { error, stages } = await refusal(world.kernels);
    expect(error).toMatchObject({ code: "signature_expired" });
    expect(stages).not.toContain("unpack");
  }
});

test("refused: a gpg that says GOODSIG alone", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  const real = world.system.processes.which("gpg") ?? "";
  const wrapper = `#!/bin/sh\n${real} "$@" | grep -v VALIDSIG\n`;
  writeFileSync(join(world.bin, "gpg"), wrapper);
  chmodSync(join(world.bin, "gpg"), 0o755);
  expect(await refusal(world.kernels)).toMatchObject({ error: { code: "signature_not_valid" }, stages: ["tools", "source", "verify"] });
});

test("a download that was cut off is refused, and resumed by the next try", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  world.answers.cutAt = 100;
  const { error, stages } = await refusal(world.kernels);
  expect(error).toMatchObject({ kind: "unavailable" });
  expect(stages).toEqual(["tools", "source"]);
  world.answers.cutAt = undefined;
  await world.kernels.build({ name: "k" }, contextOf());
  expect(world.answers.asked.some((asked) => asked.endsWith("bytes=100-"))).toBe(true);
});

const packed = (script: string): Buffer => Bun.spawnSync(["sh", "-c", script]).stdout;
const bombs: readonly (readonly [string, string, (release: Release) => readonly [path: string, content: Buffer]])[] = [
  ["that ends too early", "damaged_archive", ({ packed: whole }) => [`linux-${VERSION}.tar.xz`, whole.subarray(0, whole.length - 40)]],
  ["that grows without an end", "unpacked_too_large", () => [`linux-${VERSION}.tar.xz`, packed("head -c 256M /dev/zero | xz -0")]],
  [
    "that wants a gigabyte to be unpacked in",
    "damaged_archive",
    () => [`linux-${VERSION}.tar.xz`, packed("head -c 9 /dev/zero | xz --lzma2=dict=1GiB")],
  ],
  ["whose signature does not end", "longer_than_allowed", () => [`linux-${VERSION}.tar.sign`, Buffer.alloc(64 * MIB)]],
];

test.each(bombs)("a tarball %s is refused within seconds, in little room", async (_what, code, make) => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const [name, content] = make(world.release());
  world.answers.files.set(`/v6.x/${name}`, content);
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss + residentOfChildren())), 20);
  const began = performance.now();
  const { error } = await refusal(world.kernels);
  clearInterval(watch);
  expect(error).toMatchObject({ code });
  expect(performance.now() - began).toBeLessThan(5000);
  expect(most).toBeGreaterThan(0);
  expect(most - before).toBeLessThan(256 * MIB);
});

/** Of the programs that unpack. */
function residentOfChildren(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  return children.reduce((sum, pid) => {
    try {
      return sum + Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
    } catch {
      return sum; // it has ended
    }
  }, 0);
}

test("a tarball that is swapped after it was verified is not used", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  const evil = packSource(world.home, { evil: "evil" });
  const context = contextOf();
  const swapping: OperationContext = {
    ...context,
    stage: (name, body) => {
      if (name === "unpack") for (const one of folders()) writeFileSync(join(one, "source.tar"), evil);
      return context.stage(name, body);
    },
  };
  const error: unknown = await world.kernels.build({ name: "k" }, swapping).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "digest_mismatch" });
  expect(folders()).toEqual([]);
});

test("a tarball that reaches out of its folder harms nothing", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const at = join(world.home, "out");
  writeSource(join(at, "linux"));
  Bun.spawnSync(["ln", "-s", canary, join(at, "linux/link")]);
  Bun.spawnSync(["tar", "-C", at, "-cf", join(at, "evil.tar"), "linux"]);
  rmSync(join(at, "linux/link"));
  mkdirSync(join(at, "linux/link"));
  writeFileSync(join(at, "linux/link/file"), "evil");
  Bun.spawnSync(["tar", "-C", at, "-rf", join(at, "evil.tar"), "linux/link/file"]);
  Bun.spawnSync(["tar", "-C", at, "-P", "--transform=s,linux/drivers,../../../escaped,", "-rf", join(at, "evil.tar"), "linux/drivers"]);
  expect((await refusal(world.kernels, { source: join(at, "evil.tar") })).error).toMatchObject({ code: "damaged_archive" });
  expect(existsSync("/var/tmp/escaped")).toBe(false);
});

test("lines of a configuration that the source does not take are named, all of them", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  const config = join(world.home, "my.config");
  writeFileSync(config, "CONFIG_DROPPED_ONE=y\nCONFIG_KEPT=y\nCONFIG_DROPPED_TWO=64\n");
  const { error, stages } = await refusal(world.kernels, { config });
  expect(error).toMatchObject({ code: "options_dropped" });
  expect(String(error)).toContain("CONFIG_DROPPED_ONE=y became n, CONFIG_DROPPED_TWO=64 became n");
  expect(stages.at(-1)).toBe("configure");
});

test("odd input is refused before anything is fetched", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const bad = join(world.home, "bad.config");
  writeFileSync(bad, "CONFIG_A=y\nrm -rf\n");
  expect((await refusal(world.kernels, { config: bad })).error).toMatchObject({ code: "bad_kernel_config" });
  expect((await refusal(world.kernels, { config: join(world.home, "none") })).error).toMatchObject({ code: "config_not_found" });
  expect((await refusal(world.kernels, { config: canary })).error).toMatchObject({ code: "bad_kernel_config" });
  expect((await refusal(world.kernels, { config: "/dev/zero" })).error).toMatchObject({ code: "bad_kernel_config" });
  expect((await refusal(world.kernels, { source: join(world.home, "none") })).error).toMatchObject({ code: "source_not_found" });
  const long = join(world.home, "x".repeat(300));
  for (const odd of [{ source: long }, { config: long }])
    expect((await refusal(world.kernels, odd)).error).toMatchObject({ code: "file_unusable" });
  expect((await refusal(world.kernels, { source: canary })).error).toMatchObject({ code: "no_kernel_source" });
  expect((await refusal(world.kernels, { source: canary, version: "6.12" })).error).toMatchObject({ code: "version_of_own_source" });
  expect((await refusal(world.open({ leastBytes: 2 ** 60 }))).error).toMatchObject({ code: "disk_full" });
  expect(world.answers.asked).toEqual([]);
});

test("all tools that are missing are named at once, with the packages that have them", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const few = join(world.home, "few");
  mkdirSync(few);
  for (const name of ["mkdir", "rm", "tar", "xz", "head"]) Bun.spawnSync(["ln", "-s", Bun.which(name) ?? "", join(few, name)]);
  const poor = makeSystem({ PATH: few, BANGER_HOME: world.home }, silentLog);
  const which = (program: string): string | undefined => (existsSync(join(few, program)) ? join(few, program) : undefined);
  const { error } = await refusal(world.open({}, { ...poor, processes: { ...poor.processes, which } }));
  expect(error).toMatchObject({
    code: "build_tools_missing",
    hint: "sudo apt install gcc make flex bison bc binutils gpg libelf-dev libc6-dev",
  });
});

test("a build that fails tells its first error and where the log is", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const source = join(world.home, "tree");
  writeSource(source, { broken: "" });
  const { error } = await refusal(world.kernels, { source });
  expect(error).toMatchObject({ code: "build_failed", hint: `less ${join(world.system.layout.kernelBuilds, "k.log")}` });
  expect(String(error)).toContain("main.c:1: error: no such thing");
});

test("a build that is cancelled while it compiles leaves no process and no folder", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const source = join(world.home, "tree");
  writeSource(source, { seconds: "300" });
  const cancel = new AbortController();
  const work = world.kernels.build({ name: "k", source }, contextOf([], cancel.signal)).catch((reason: unknown) => reason);
  const [at = ""] = await waitFor(() => folders().filter((name) => existsSync(join(name, "out/started"))));
  cancel.abort();
  expect(await work).toMatchObject({ kind: "cancelled" });
  expect(world.system.processes.findByArgument(at)).toEqual([]);
  expect(folders()).toEqual([]);
  expect(world.leases.list()).toEqual([]);
});

test("what a daemon that was killed left at work is ended and removed by the next one", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  const path = `/var/tmp/banger-build-${createHash("sha256").update(world.home).digest("hex").slice(0, 16)}`;
  mkdirSync(join(path, "out"), { recursive: true });
  world.leases.write({ kind: "kernel-build", key: path, vmId: undefined, operationId: "dead" });
  const left = Bun.spawn(["sh", "-c", "read line", "make", `O=${path}/out`], { stdin: "pipe", stdout: "ignore", stderr: "ignore" });
  await waitFor(() => world.system.processes.findByArgument(path));
  await world.kernels.reconcile();
  await left.exited;
  expect(existsSync(path)).toBe(false);
  expect(world.leases.list()).toEqual([]);
});

test("a folder that cannot be removed after a build is told, with the kernel that was built, and swept up later", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  const rm = join(world.bin, "rm");
  writeFileSync(rm, "#!/bin/sh\necho 'rm: Directory not empty' >&2\nexit 1\n");
  chmodSync(rm, 0o755);
  const error: unknown = await world.kernels.build({ name: "k" }, contextOf()).catch((reason: unknown) => reason);
  rmSync(rm);
  const [left = ""] = folders();
  expect(error).toMatchObject({
    code: "build_folder_left",
    message: `the kernel was built, and its folder is left: cannot remove ${left}: rm: Directory not empty`,
    hint: `rm -r ${left}, or leave it to the next start of the daemon`,
  });
  expect(await world.kernels.get("k")).toMatchObject({ problems: [] });
  await world.kernels.reconcile();
  expect(folders()).toEqual([]);
  expect(world.leases.list()).toEqual([]);
});

async function waitFor<T>(look: () => readonly T[]): Promise<readonly T[]> {
  for (;;) {
    const found = look();
    if (found.length > 0) return found;
    await Bun.sleep(20);
  }
}

test("one source gives one kernel", async () => {
  await using opened = await openBuildWorld(signer);
  world = opened;
  world.release();
  const first = await world.kernels.build({ name: "a" }, contextOf());
  const second = await world.kernels.build({ name: "b" }, contextOf());
  expect(first.sha256).toBe(second.sha256);
});
