/** Copies both ways between this process and the real agent. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { copyIn, copyOut } from "../../src/sdk/copy/copy.ts";
import type { CopyOptions, CopyProblem, CopyResult } from "../../src/sdk/sdk.ts";
import { allocatedBytes, openFolder, openReadOnlyFolder, tell, writeSparse } from "./copy-trees.ts";
import { openRealAgent, type RealAgent } from "./real-agent.ts";

setDefaultTimeout(60_000);
const MIB = 2 ** 20;
const never = new AbortController().signal;

let guest: RealAgent;
beforeAll(async () => {
  guest = await openRealAgent();
});
afterAll(async () => guest[Symbol.asyncDispose]());

const open = async (first: Uint8Array) => {
  const stream = await guest.agent.openCopy(never);
  stream.write(first);
  return stream;
};

interface Direction {
  readonly name: string;
  readonly copy: (from: readonly string[], to: string, options?: CopyOptions) => Promise<CopyResult>;
}
const DIRECTIONS: readonly Direction[] = [
  { name: "in", copy: (from, to, options = {}) => copyIn(open, from, to, options) },
  { name: "out", copy: (from, to, options = {}) => copyOut(open, from, to, options) },
];

/** A tree with everything that a copy keeps. */
function makeTree(folder: string): void {
  mkdirSync(join(folder, "deep/er/still"), { recursive: true });
  writeFileSync(join(folder, "plain.txt"), "plain\n", { mode: 0o640 });
  writeFileSync(join(folder, "deep/program"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(folder, "deep/er/new\nline"), "x");
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/deep/`), Buffer.from([0xff, 0xfe, 0x21])]), "no UTF-8");
  writeFileSync(join(folder, "empty"), "");
  writeFileSync(join(folder, "deep/large"), randomBytes(3 * MIB + 17));
  writeFileSync(join(folder, "deep/block"), randomBytes(65_536));
  symlinkSync("deep/large", join(folder, "link"));
  symlinkSync("/etc/passwd", join(folder, "outside"));
  symlinkSync("nowhere", join(folder, "dangling"));
  symlinkSync("deep", join(folder, "to-folder"));
  mkdirSync(join(folder, "locked"));
  writeFileSync(join(folder, "locked/inside"), "x", { mode: 0o400 });
  chmodSync(join(folder, "locked"), 0o555);
  utimesSync(join(folder, "plain.txt"), 1_000_000_000.123, 1_000_000_000.123);
  utimesSync(join(folder, "deep"), 1_100_000_000, 1_100_000_000);
}

describe.each(DIRECTIONS.map((direction) => [direction.name, direction] as const))("a copy %s", (_name, { copy }) => {
  test("keeps names, contents, modes, times and links", async () => {
    using from = openFolder();
    using to = openFolder();
    makeTree(from.path);
    const result = await copy([from.path], join(to.path, "new"));
    expect(result).toMatchObject({ files: 8, folders: 5, links: 4, unchanged: 0, problems: 0 });
    expect(tell(join(to.path, "new"))).toEqual(tell(from.path));
  });

  test("goes where cp would put it", async () => {
    using from = openFolder();
    using to = openFolder();
    mkdirSync(join(from.path, "src"));
    writeFileSync(join(from.path, "src/a"), "a");
    writeFileSync(join(from.path, "b"), "b");
    mkdirSync(join(to.path, "there"));
    await copy([join(from.path, "b")], join(to.path, "there"));
    await copy([join(from.path, "b")], join(to.path, "renamed"));
    await copy([join(from.path, "src")], join(to.path, "there"));
    await copy([join(from.path, "src/")], join(to.path, "as"));
    await copy([`${from.path}/src/.`], join(to.path, "merged"));
    await copy([`${from.path}/src/.`, join(from.path, "b")], join(to.path, "merged/"));
    expect(Object.keys(tell(to.path)).toSorted()).toEqual(
      [".", "as", "as/a", "merged", "merged/a", "merged/b", "renamed", "there", "there/b", "there/src", "there/src/a"].toSorted(),
    );
    writeFileSync(join(from.path, "b"), "newer");
    await copy([join(from.path, "b")], join(to.path, "renamed"));
    expect(readFileSync(join(to.path, "renamed"), "utf8")).toBe("newer");
  });

  test.each([
    ["a folder that is not there", ["b"], "no/such/place", "copy_not_found"],
    ["several things under one name", ["b", "src"], "name", "copy_not_found"],
    ["a file behind a slash", ["b"], "file/", "copy_not_a_folder"],
    ["below a file", ["b"], "file/x", "copy_not_a_folder"],
    ["a folder that is not there, of a file", ["b"], "new/", "copy_not_found"],
  ])("to %s is refused", async (_what, from, to, code) => {
    using folder = openFolder();
    mkdirSync(join(folder.path, "src"));
    for (const name of ["b", "file"]) writeFileSync(join(folder.path, name), name);
    const before = tell(folder.path);
    const copying = copy(
      from.map((each) => join(folder.path, each)),
      join(folder.path, to) + (to.endsWith("/") ? "/" : ""),
    );
    await expect(copying).rejects.toMatchObject({ code });
    expect(tell(folder.path)).toEqual(before);
  });

  test("tells what is not there and goes on", async () => {
    using from = openFolder();
    using to = openFolder();
    writeFileSync(join(from.path, "b"), "b");
    const problems: CopyProblem[] = [];
    const result = await copy([join(from.path, "a"), join(from.path, "b")], to.path, { onProblem: (problem) => problems.push(problem) });
    expect(result).toMatchObject({ files: 1, problems: 1 });
    expect(problems).toEqual([{ code: "not_found", path: join(from.path, "a"), message: "there is no such file or folder" }]);
  });

  test("neither replaces a folder by a file nor a file by a folder", async () => {
    using from = openFolder();
    using to = openFolder();
    mkdirSync(join(from.path, "a"));
    writeFileSync(join(from.path, "a/x"), "x");
    writeFileSync(join(from.path, "b"), "b");
    writeFileSync(join(to.path, "a"), "kept");
    mkdirSync(join(to.path, "b"));
    const codes: string[] = [];
    const result = await copy([`${from.path}/.`], to.path, { onProblem: ({ code }) => codes.push(code) });
    expect(result).toMatchObject({ files: 0, problems: 2 });
    expect(codes).toEqual(["in_the_way", "in_the_way"]);
    expect(readFileSync(join(to.path, "a"), "utf8")).toBe("kept");
  });

  test("puts nothing in the place of a device, a pipe or a socket", async () => {
    using from = openFolder();
    using to = openFolder();
    writeFileSync(join(from.path, "file"), "x");
    symlinkSync("file", join(from.path, "link"));
    for (const name of ["file", "link"]) execFileSync("mkfifo", [join(to.path, name)]);
    const problems: CopyProblem[] = [];
    const result = await copy([`${from.path}/.`], to.path, { onProblem: (problem) => problems.push(problem) });
    expect(result).toMatchObject({ files: 0, links: 0, problems: 2 });
    expect(problems.map(({ code }) => code)).toEqual(["in_the_way", "in_the_way"]);
    expect(readdirSync(to.path).map((name) => lstatSync(join(to.path, name)).isFIFO())).toEqual([true, true]);
  });

  test("sends nothing to where nothing can be written", async () => {
    using from = openFolder();
    using to = openReadOnlyFolder();
    writeFileSync(join(from.path, "large"), randomBytes(2 * MIB));
    const problems: CopyProblem[] = [];
    const result = await copy([join(from.path, "large")], to.path, { onProblem: (problem) => problems.push(problem) });
    expect(result).toMatchObject({ files: 0, bytes: 0, problems: 1 });
    const reason = process.getuid?.() === 0 ? "read-only file system" : "permission denied";
    expect(problems).toEqual([{ code: "unwritable", path: "large", message: `it cannot be written: ${reason}` }]);
  });

  test("says of what the kernel makes up that it is none to be copied, and leaves what stands in its place", async () => {
    using to = openFolder();
    writeFileSync(join(to.path, "version"), "kept");
    const problems: CopyProblem[] = [];
    const result = await copy(["/proc/version"], to.path, { onProblem: (problem) => problems.push(problem) });
    expect(result).toMatchObject({ files: 0, problems: 1 });
    expect(problems).toMatchObject([{ code: "unreadable", message: expect.stringContaining("read it with cat") }]);
    expect(readFileSync(join(to.path, "version"), "utf8")).toBe("kept");
  });

  test("leaves mode and time of folders that were there", async () => {
    using from = openFolder();
    using to = openFolder();
    mkdirSync(join(from.path, "shared"), { mode: 0o700 });
    writeFileSync(join(from.path, "shared/x"), "x");
    mkdirSync(join(to.path, "shared"), { mode: 0o755 });
    await copy([`${from.path}/.`], to.path);
    expect(lstatSync(join(to.path, "shared")).mode & 0o777).toBe(0o755);
  });

  test("keeps holes, and makes zeros into holes", async () => {
    using from = openFolder();
    using to = openFolder();
    writeSparse(join(from.path, "disk"), 4 * 2 ** 30 + 5, [
      [0, "begin"],
      [2 ** 31 + 100, "middle"],
      [2 ** 32, "end"],
    ]);
    writeSparse(join(from.path, "hole"), 10 * MIB, []);
    writeFileSync(join(from.path, "zeros"), Buffer.alloc(5 * MIB + 1));
    const result = await copy([`${from.path}/.`], to.path);
    expect(result).toMatchObject({ files: 3, problems: 0 });
    expect(result.bytes).toBeLessThan(MIB);
    for (const name of ["disk", "hole", "zeros"]) {
      expect(lstatSync(join(to.path, name)).size).toBe(lstatSync(join(from.path, name)).size);
      expect(allocatedBytes(join(to.path, name))).toBeLessThan(MIB);
    }
    const read = readFileSync(join(to.path, "zeros"));
    expect(read.equals(Buffer.alloc(5 * MIB + 1))).toBe(true);
    const same = Bun.spawnSync(["cmp", "-n", String(MIB), "-i", String(2 ** 31 - 1000), join(from.path, "disk"), join(to.path, "disk")]);
    expect(same.exitCode).toBe(0);
    expect(Bun.spawnSync(["tail", "-c", "10", join(to.path, "disk")]).stdout.toString("latin1")).toBe("\0\0\0\0\0end\0\0");
  });

  test("follows links when asked to, and goes round in no circle", async () => {
    using from = openFolder();
    using to = openFolder();
    mkdirSync(join(from.path, "t/inner"), { recursive: true });
    writeFileSync(join(from.path, "target"), "target");
    symlinkSync("../target", join(from.path, "t/link"));
    symlinkSync("..", join(from.path, "t/inner/up"));
    const problems: CopyProblem[] = [];
    const result = await copy([join(from.path, "t")], to.path, { follow: true, onProblem: (problem) => problems.push(problem) });
    expect(result).toMatchObject({ files: 1, links: 0, problems: 1 });
    expect(problems).toMatchObject([{ code: "limit", path: join(from.path, "t/inner/up") }]);
    expect(readFileSync(join(to.path, "t/link"), "utf8")).toBe("target");
  });

  test("sends many small files quickly and once", async () => {
    using from = openFolder();
    using to = openFolder();
    for (let at = 0; at < 1000; at += 1) writeFileSync(join(from.path, `f${at}`), `${at}`);
    expect(await copy([`${from.path}/.`], to.path)).toMatchObject({ files: 1000, problems: 0 });
    const all = (folder: string): string => {
      const { ".": _top, ...told } = tell(folder);
      return JSON.stringify(told, Object.keys(told).toSorted().concat("what", "kind", "mode", "mtimeNs"));
    };
    expect(all(to.path)).toBe(all(from.path));
    expect(await copy([`${from.path}/.`], to.path, { resume: true })).toMatchObject({ files: 0, unchanged: 1000, bytes: 0 });
  });

  test("sends with a checksum what differs behind an equal size and time, and nothing else", async () => {
    using from = openFolder();
    using to = openFolder();
    for (const [folder, text] of [
      [from.path, "one"],
      [to.path, "two"],
    ] as const) {
      writeFileSync(join(folder, "differs"), text);
      writeFileSync(join(folder, "same"), "same");
      utimesSync(join(folder, "differs"), 1_000_000_000, 1_000_000_000);
    }
    utimesSync(join(from.path, "same"), 1_200_000_000, 1_200_000_000);
    expect(await copy([`${from.path}/.`], to.path, { resume: true })).toMatchObject({ files: 1, unchanged: 1 });
    utimesSync(join(from.path, "same"), 1_300_000_000, 1_300_000_000);
    expect(await copy([`${from.path}/.`], to.path, { checksum: true })).toMatchObject({ files: 1, unchanged: 1, bytes: 3 });
    expect(readFileSync(join(to.path, "differs"), "utf8")).toBe("one");
    expect(lstatSync(join(to.path, "same")).mtimeMs).toBe(1_300_000_000_000);
  });

  test("that finds a file unchanged gives it the mode that it has now", async () => {
    using from = openFolder();
    using to = openFolder();
    const [source, copied] = [join(from.path, "program"), join(to.path, "program")];
    writeFileSync(source, "#!/bin/sh\n", { mode: 0o644 });
    await copy([source], to.path);
    chmodSync(source, 0o755);
    for (const wish of ["resume", "checksum"] as const) {
      chmodSync(copied, 0o600);
      expect(await copy([source], to.path, { [wish]: true })).toMatchObject({ files: 0, unchanged: 1, problems: 0 });
      expect(tell(copied)).toEqual(tell(source));
    }
  });

  test("that was cut off leaves no half file, and goes on where it was", async () => {
    using from = openFolder();
    using to = openFolder();
    mkdirSync(join(from.path, "tree"));
    const bytes = randomBytes(48 * MIB);
    writeFileSync(join(from.path, "tree/large"), bytes);
    writeFileSync(join(from.path, "tree/small"), "small");
    const cut = new AbortController();
    const onProgress = ({ bytes: done }: { readonly bytes: number }): void => {
      if (done > 24 * MIB) cut.abort();
    };
    const target = join(to.path, "named");
    await expect(copy([join(from.path, "tree")], target, { onProgress, signal: cut.signal })).rejects.toMatchObject({
      code: "copy_cancelled",
    });
    await untilUnlocked(target);
    expect(existsSync(join(target, "large"))).toBe(false);
    const result = await copy([join(from.path, "tree")], target, { resume: true });
    expect(result).toMatchObject({ problems: 0 });
    expect(result.bytes).toBeLessThan(32 * MIB);
    expect(tell(target)).toEqual(tell(join(from.path, "tree")));
  });

  test.each([
    ["was damaged", (path: string) => writeSparse(path, lstatSync(path).size, [[100, "damage"]])],
    ["is longer than the file", (path: string) => truncateSync(path, 50 * MIB)],
    ["is empty", (path: string) => truncateSync(path, 0)],
  ])("whose part %s begins it anew", async (_what, spoil) => {
    using from = openFolder();
    using to = openFolder();
    writeFileSync(join(from.path, "large"), randomBytes(20 * MIB));
    const cut = new AbortController();
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (bytes > 10 * MIB) cut.abort();
    };
    await copy([join(from.path, "large")], to.path, { onProgress, signal: cut.signal }).catch(() => undefined);
    await untilUnlocked(to.path);
    const [part] = readdirSync(to.path);
    expect(part).toMatch(/^\.banger-[0-9a-f]{16}\.part$/);
    spoil(join(to.path, part ?? ""));
    expect(await copy([join(from.path, "large")], to.path, { resume: true })).toMatchObject({ files: 1, bytes: 20 * MIB, problems: 0 });
    expect(readFileSync(join(to.path, "large")).equals(readFileSync(join(from.path, "large")))).toBe(true);
    expect(readdirSync(to.path)).toEqual(["large"]);
  });

  test("moves 512 MiB in memory that is bounded by less", async () => {
    using from = openFolder();
    using to = openFolder();
    Bun.spawnSync([
      "sh",
      "-c",
      `head -c ${64 * MIB} /dev/urandom > "$0/a"; cat "$0/a" "$0/a" "$0/a" "$0/a" "$0/a" "$0/a" "$0/a" "$0/a" > "$0/b"; rm "$0/a"`,
      from.path,
    ]);
    Bun.gc(true);
    const before = { ours: process.memoryUsage().rss, guest: residentBytes(guest.pid) };
    let mostOurs = 0;
    const result = await copy([join(from.path, "b")], to.path, {
      onProgress: () => (mostOurs = Math.max(mostOurs, process.memoryUsage.rss())),
    });
    expect(result).toMatchObject({ files: 1, bytes: 512 * MIB, problems: 0 });
    // What the runtime has freed and not given back counts, of other tests as well.
    expect(mostOurs - before.ours).toBeLessThan(400 * MIB);
    expect(residentBytes(guest.pid) - before.guest).toBeLessThan(32 * MIB);
    expect(Bun.spawnSync(["cmp", join(from.path, "b"), join(to.path, "b")]).exitCode).toBe(0);
  });
});

test("what goes into a guest is given to the owner that was named, who has to be there", async () => {
  using from = openFolder();
  using to = openFolder();
  writeFileSync(join(from.path, "x"), "x");
  await expect(copyIn(open, [join(from.path, "x")], to.path, { owner: "no-such-user" })).rejects.toMatchObject({ code: "copy_bad_user" });
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const [wantedUid, wantedGid] = uid === 0 ? [1234, 5678] : [uid, gid];
  await copyIn(open, [join(from.path, "x")], to.path, { owner: `${wantedUid}:${wantedGid}` });
  expect(lstatSync(join(to.path, "x"))).toMatchObject({ uid: wantedUid, gid: wantedGid });
  // What is there already is given to its new owner, too.
  expect(await copyIn(open, [join(from.path, "x")], to.path, { owner: `${uid}:${gid}`, resume: true })).toMatchObject({ unchanged: 1 });
  expect(lstatSync(join(to.path, "x"))).toMatchObject({ uid, gid });
});

test("two copies to one place do not mix: one of them is told", async () => {
  using from = openFolder();
  using to = openFolder();
  for (const side of ["a", "b"]) {
    mkdirSync(join(from.path, side));
    writeFileSync(join(from.path, side, "x"), randomBytes(40 * MIB));
  }
  const results = await Promise.all(["a", "b"].map((side) => copyIn(open, [join(from.path, side, "x")], to.path, {})));
  const sum = results.reduce((total, { files, problems }) => ({ files: total.files + files, problems: total.problems + problems }), {
    files: 0,
    problems: 0,
  });
  expect(sum).toEqual({ files: 1, problems: 1 });
  const winner = readFileSync(join(to.path, "x"));
  expect(["a", "b"].some((side) => winner.equals(readFileSync(join(from.path, side, "x"))))).toBe(true);
  expect(readdirSync(to.path)).toEqual(["x"]);
});

test("more copies at once than there may be are refused, and room comes back", async () => {
  using from = openFolder();
  writeFileSync(join(from.path, "x"), "x");
  const waiting = await Promise.all(Array.from({ length: 16 }, () => guest.agent.openCopy(never)));
  await expect(untilSettled(() => copyIn(open, [join(from.path, "x")], join(from.path, "y"), {}), false)).rejects.toMatchObject({
    code: "copy_busy",
  });
  for (const stream of waiting) stream.destroy();
  expect(await untilSettled(() => copyIn(open, [join(from.path, "x")], join(from.path, "y"), {}), true)).toMatchObject({ files: 1 });
});

/** Streams are opened and closed in their own time: asks again until the answer is the one that is waited for. */
async function untilSettled(ask: () => Promise<CopyResult>, succeeds: boolean): Promise<CopyResult> {
  for (const deadline = Date.now() + 20_000; ; await Bun.sleep(10)) {
    const answer = await ask().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    if ("result" in answer && (succeeds || Date.now() > deadline)) return answer.result;
    if ("error" in answer && (!succeeds || Date.now() > deadline)) throw answer.error;
  }
}

/** The guest's end of a copy that was cut off lets go of its part when it hears of it. */
async function untilUnlocked(folder: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await Bun.sleep(10)) {
    const parts = readdirSync(folder).filter((name) => name.endsWith(".part") && lstatSync(join(folder, name)).size > 0);
    if (parts.length > 0 && parts.every((part) => Bun.spawnSync(["flock", "-n", join(folder, part), "true"]).exitCode === 0)) return;
  }
  throw new Error("the part is still locked");
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
