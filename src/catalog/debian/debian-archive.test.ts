import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeDebianArchive, type DebianArchiveParts } from "./debian-archive.ts";
import type { ArchivePlan } from "./made-archive.ts";
import { fetchHello, flip, HELLO, openSigners, openArchiveWorld, SUITE, walk, type ArchiveWorld } from "./test-archive-world.ts";

const signal = new AbortController().signal;
const { root, signers } = await openSigners("/tmp/bar-");

const openWorld = (plan: Partial<ArchivePlan> = {}): Promise<ArchiveWorld> => openArchiveWorld(root, signers, plan);
const codeOf = async (world: ArchiveWorld, parts: Partial<DebianArchiveParts> = {}): Promise<string> => (await walk(world, parts)).code;

describe("a right archive", () => {
  test("gives the newest version, verified, by its digest", async () => {
    const world = await openWorld();
    const path = await fetchHello(world);
    expect(readFileSync(path).equals(HELLO)).toBe(true);
    expect(path).toBe(join(world.system.layout.downloads, `sha256-${await world.system.files.sha256(path)}`));
    expect(readdirSync(world.system.layout.downloads).some((name) => name.startsWith(".") || name.endsWith(".part"))).toBe(false);
  });

  test("gives the version that was asked for, with its dependencies", async () => {
    const world = await openWorld();
    const found = await world.archive().findPackage(SUITE, "hello", { signal, version: "1.0-1" });
    expect(found.depends).toEqual([
      [{ name: "libc6", relation: ">=", version: "2.36" }],
      [
        { name: "a", relation: undefined, version: undefined },
        { name: "b", relation: undefined, version: undefined },
      ],
    ]);
  });

  test("may be signed by next year's key too", async () => {
    expect(await codeOf(await openWorld({ signers: [signers.next, signers.debian] }))).toBe("accepted");
  });

  test("may come without Valid-Until, as a stable release does", async () => {
    expect(await codeOf(await openWorld({ editRelease: (text) => text.replace(/Valid-Until.*\n/, "") }))).toBe("accepted");
  });

  test("is asked once for two packages", async () => {
    const world = await openWorld();
    const archive = world.archive();
    await archive.findPackage(SUITE, "hello", { signal });
    rmSync(join(world.suite, "InRelease"));
    expect(await archive.findPackage(SUITE, "hello", { signal, version: "1.0-1" })).toMatchObject({ version: "1.0-1" });
  });

  test("mends a file in the cache that was changed", async () => {
    const world = await openWorld();
    const path = await fetchHello(world);
    flip(path, 3);
    expect(readFileSync(await fetchHello(world)).equals(HELLO)).toBe(true);
  });

  test("has its digest path used, and the plain one when that is not there", async () => {
    const world = await openWorld({ editRelease: (text) => `Acquire-By-Hash: yes\n${text}` });
    expect(await codeOf(world)).toBe("accepted");
  });
});

describe("whether a source has a suite", () => {
  test("is said of what verifies, and of what is not there", async () => {
    const world = await openWorld();
    const archive = world.archive();
    const [source] = await archive.sources(SUITE);
    if (source === undefined) throw new Error("there is no source");
    expect(await archive.verifySuite(source, { signal })).toBe(true);
    expect(await archive.verifySuite({ ...source, suite: "nowhere-security" }, { signal })).toBe(false);
  });

  test("is not said of what is not to be believed", async () => {
    const world = await openWorld({ signers: [signers.stranger] });
    const [source] = await world.archive().sources(SUITE);
    if (source === undefined) throw new Error("there is no source");
    expect(world.archive().verifySuite(source, { signal })).rejects.toMatchObject({ kind: "refused" });
  });

  test("a mirror for security alone is asked for that", async () => {
    const world = await openWorld();
    const elsewhere = { mirror: "http://mirror.invalid/debian", securityMirror: `file://${world.mirror}` };
    expect(await codeOf(world, elsewhere)).toBe("accepted");
    expect(await codeOf(world, { mirror: `file://${world.home}/other` })).toBe("mirror_lacks_suite");
  });
});

describe("what is missing on this computer is named", () => {
  test("the keyring", async () => {
    const world = await openWorld();
    const parts = { keys: { keyrings: ["/nowhere/keyring.gpg"], fingerprints: [] } };
    expect(await fetchHello(world, parts).catch((error: unknown) => error)).toMatchObject({
      kind: "unavailable",
      hint: "sudo apt install debian-archive-keyring",
    });
  });

  test.each([
    ["gpgv", "sudo apt install gpgv"],
    ["xz", "sudo apt install xz-utils"],
  ])("%s", async (program, hint) => {
    const world = await openWorld();
    const which = (wanted: string): string | undefined => (wanted === program ? undefined : world.system.processes.which(wanted));
    const parts = { system: { ...world.system, processes: { ...world.system.processes, which } } };
    expect(await fetchHello(world, parts).catch((error: unknown) => error)).toMatchObject({
      kind: "unavailable",
      code: "program_missing",
      hint,
    });
  });

  test("a mirror", async () => {
    const world = await openWorld();
    const archive = makeDebianArchive({ system: world.system, aptFolder: join(world.home, "no-apt") });
    expect(await archive.sources(SUITE).catch((error: unknown) => error)).toMatchObject({ kind: "unavailable", code: "no_debian_mirror" });
  });

  test("a config that is no mirror", async () => {
    const world = await openWorld();
    expect(
      await world
        .archive({ mirror: "ftp://old" })
        .sources(SUITE)
        .catch((error: unknown) => error),
    ).toMatchObject({ code: "bad_mirror" });
  });
});

test("a cancelled fetch says so", async () => {
  const world = await openWorld();
  const stopped = AbortSignal.abort();
  const archive = world.archive();
  const wanted = await archive.findPackage(SUITE, "hello", { signal });
  expect(await archive.fetchPackage(wanted, { signal: stopped }).catch((error: unknown) => error)).toMatchObject({ kind: "cancelled" });
});
