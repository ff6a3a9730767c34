// Longer than 300 lines because it is one table of ways to spoil one archive.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { makeSystem } from "../../system/make-system.ts";
import type { Log, System } from "../../system/system.ts";
import { makeDebianArchive, type DebianArchiveParts } from "./debian-archive.ts";
import { endSigner, makeSigner, releaseHead, sign, writeArchive, writeKeyring, type ArchivePlan, type Signer } from "./made-archive.ts";

const SUITE = "bookworm-security";
const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const signal = new AbortController().signal;

const root = mkdtempSync("/tmp/bar-");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: join(root, "b") }, silent);
const keyring = join(root, "keyring.gpg");
let [debian, next, stranger, expired]: Signer[] = [];

beforeAll(async () => {
  debian = await makeSigner(system, join(root, "k1"), "Archive");
  next = await makeSigner(system, join(root, "k2"), "Next archive");
  stranger = await makeSigner(system, join(root, "k3"), "Stranger");
  expired = await makeSigner(system, join(root, "k4"), "Old archive", ["--faked-system-time", "20200101T000000"], "30d");
  // The stranger's key is in the keyring: only the pin keeps it out.
  await writeKeyring(system, keyring, [key(debian), key(stranger), key(expired)]);
});

afterAll(async () => {
  for (const signer of [debian, next, stranger, expired]) if (signer !== undefined) await endSigner(system, signer);
  rmSync(root, { recursive: true, force: true });
});

function key(signer: Signer | undefined): Signer {
  if (signer === undefined) throw new Error("the keys are not made yet");
  return signer;
}

const deb = Buffer.from("a package, to all who only count and hash");
const PACKAGES = [
  {
    name: "hello_1",
    control: "Package: hello\nVersion: 1.0-1\nArchitecture: amd64\nDepends: libc6 (>= 2.36), a | b",
    content: Buffer.from("old"),
  },
  { name: "hello_2", control: "Package: hello\nVersion: 1.0-2\nArchitecture: amd64", content: deb },
];

interface World {
  readonly system: System;
  readonly home: string;
  /** The archive's folder. */
  readonly mirror: string;
  readonly suite: string;
  archive(parts?: Partial<DebianArchiveParts>): ReturnType<typeof makeDebianArchive>;
}

/** A store of its own and a right archive, unless the plan spoils it. */
async function openWorld(plan: Partial<ArchivePlan> = {}): Promise<World> {
  const home = mkdtempSync(join(root, "w-"));
  const own = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silent);
  const mirror = join(home, "mirror-security");
  await writeArchive(own, mirror, { suite: SUITE, signers: [key(debian)], packages: PACKAGES, ...plan });
  return {
    system: own,
    home,
    mirror,
    suite: join(mirror, "dists", SUITE),
    archive: (parts = {}) =>
      makeDebianArchive({
        system: own,
        mirror: `file://${home}/mirror`,
        keys: { keyrings: [keyring], fingerprints: [key(debian).fingerprint, key(expired).fingerprint] },
        retryDelaysMs: [1, 1],
        ...parts,
      }),
  };
}

/** Walks the whole chain. */
async function fetchHello(world: World, parts: Partial<DebianArchiveParts> = {}): Promise<string> {
  const archive = world.archive(parts);
  return archive.fetchPackage(await archive.findPackage(SUITE, "hello", { signal }), { signal });
}

/** What it was refused with, and what that left in the downloads, but for verified indexes. */
async function refusal(world: World, parts: Partial<DebianArchiveParts> = {}): Promise<string> {
  const code = await fetchHello(world, parts).then(
    () => "accepted",
    (error: { code?: string }) => error.code ?? String(error),
  );
  const indexes = [`sha256-${await world.system.files.sha256(join(world.suite, "main/binary-amd64/Packages.xz")).catch(() => "")}`];
  const left = (await world.system.files.list(world.system.layout.downloads)).filter((name) => !indexes.includes(name));
  return [code, ...left].join(" ");
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, "latin1")), "latin1");
}

describe("a right archive", () => {
  test("gives the newest version, verified, by its digest", async () => {
    const world = await openWorld();
    const path = await fetchHello(world);
    expect(readFileSync(path).equals(deb)).toBe(true);
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
    expect(await refusal(await openWorld({ signers: [key(next), key(debian)] }))).toStartWith("accepted");
  });

  test("may come without Valid-Until, as a stable release does", async () => {
    expect(await refusal(await openWorld({ editRelease: (text) => text.replace(/Valid-Until.*\n/, "") }))).toStartWith("accepted");
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
    expect(readFileSync(await fetchHello(world)).equals(deb)).toBe(true);
  });

  test("has its digest path used, and the plain one when that is not there", async () => {
    const world = await openWorld({ editRelease: (text) => `Acquire-By-Hash: yes\n${text}` });
    expect(await refusal(world)).toStartWith("accepted");
  });
});

describe("an InRelease is refused, and nothing kept,", () => {
  const cases: Record<string, { plan?: () => Partial<ArchivePlan>; spoil?: (world: World) => void | Promise<void>; code: string }> = {
    "when it is not signed": { plan: () => ({ signers: [] }), code: "signature_missing" },
    "when it is empty": { spoil: ({ suite }) => writeFileSync(join(suite, "InRelease"), ""), code: "signature_missing" },
    "when it is a web page": {
      spoil: ({ suite }) => writeFileSync(join(suite, "InRelease"), "<html>log in first</html>"),
      code: "signature_missing",
    },
    "when only a key that is not pinned signed it (a good signature, and no valid one)": {
      plan: () => ({ signers: [key(stranger)] }),
      code: "signature_not_pinned",
    },
    "when only an unknown key signed it": { plan: () => ({ signers: [key(next)] }), code: "signature_not_pinned" },
    "when a pinned key signed it after its end": {
      plan: () => ({ signers: [key(expired)], gpg: ["--faked-system-time", "20200110T000000"] }),
      code: "signature_expired",
    },
    "when a byte of the text was changed": { spoil: ({ suite }) => flip(join(suite, "InRelease"), 80), code: "signature_bad" },
    "when a line was added": {
      spoil: ({ suite }) => edit(join(suite, "InRelease"), (text) => text.replace("Origin", "Extra: 1\nOrigin")),
      code: "signature_bad",
    },
    "when its signature was cut off": {
      spoil: ({ suite }) => edit(join(suite, "InRelease"), (text) => text.slice(0, text.indexOf("-----BEGIN PGP SIG"))),
      code: "signature_missing",
    },
    "when it is cut off within the signature": {
      spoil: ({ suite }) => edit(join(suite, "InRelease"), (text) => text.slice(0, text.indexOf("-----END PGP SIG") - 30)),
      code: "signature_missing",
    },
    "when a signed text of another follows": {
      spoil: async ({ suite, system: own }) => {
        const more = await sign(own, Buffer.from("Codename: x\n"), [key(stranger)]);
        appendFileSync(join(suite, "InRelease"), more);
      },
      code: "signature_missing",
    },
    "when its time has passed": {
      plan: () => ({ head: releaseHead(SUITE, Date.now() - 30 * 86_400_000) }),
      code: "release_expired",
    },
    "when it comes from the future": {
      plan: () => ({ head: releaseHead(SUITE, Date.now() + 9 * 86_400_000) }),
      code: "release_from_future",
    },
    "when it is of another suite": { plan: () => ({ head: releaseHead("bullseye-security", Date.now()) }), code: "release_of_other_suite" },
    "when it has no date": { plan: () => ({ editRelease: (text) => text.replace(/^Date.*\n/m, "") }), code: "archive_not_understood" },
    "when a date is not one": {
      plan: () => ({ editRelease: (text) => text.replace(/^Valid-Until.*$/m, "Valid-Until: never") }),
      code: "archive_not_understood",
    },
    "when a field comes twice": { plan: () => ({ editRelease: (text) => `Codename: ${SUITE}\n${text}` }), code: "archive_not_understood" },
    "when it does not name the index": {
      plan: () => ({ editRelease: (text) => text.replace(/^.*Packages\.xz\n/m, "") }),
      code: "index_not_signed",
    },
    "when it names an endless index": {
      plan: () => ({ editRelease: (text) => text.replace(/\d+ (main\S*Packages\.xz)/, "99999999999 $1") }),
      code: "index_too_large",
    },
    "when it is longer than such a file may be": {
      spoil: ({ suite }) => appendFileSync(join(suite, "InRelease"), Buffer.alloc(5 * 2 ** 20)),
      code: "longer_than_allowed",
    },
    "when it is not there": { spoil: ({ suite }) => rmSync(join(suite, "InRelease")), code: "mirror_lacks_suite" },
  };
  test.each(Object.entries(cases))("%s", async (_name, { plan, spoil, code }) => {
    const world = await openWorld(plan?.());
    await spoil?.(world);
    expect(await refusal(world)).toBe(code);
  });

  test("when one of later was seen before", async () => {
    const world = await openWorld();
    await fetchHello(world);
    const head = releaseHead(SUITE, Date.now() - 3 * 86_400_000).replace(/Valid-Until.*\n/, "");
    await writeArchive(world.system, world.mirror, { suite: SUITE, signers: [key(debian)], packages: PACKAGES, head });
    expect(await refusal(world)).toStartWith("release_rolled_back");
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
    const world = await openWorld({ signers: [key(stranger)] });
    const [source] = await world.archive().sources(SUITE);
    if (source === undefined) throw new Error("there is no source");
    expect(world.archive().verifySuite(source, { signal })).rejects.toMatchObject({ kind: "refused" });
  });

  test("a mirror for security alone is asked for that", async () => {
    const world = await openWorld();
    const elsewhere = { mirror: "http://mirror.invalid/debian", securityMirror: `file://${world.mirror}` };
    expect(await refusal(world, elsewhere)).toStartWith("accepted");
    expect(await refusal(world, { mirror: `file://${world.home}/other` })).toStartWith("mirror_lacks_suite");
  });
});

test("an InRelease with any bit changed is refused, or says the same", async () => {
  const world = await openWorld();
  const path = join(world.suite, "InRelease");
  const right = readFileSync(path);
  const wanted = await world.archive().findPackage(SUITE, "hello", { signal });
  await fc.assert(
    fc.asyncProperty(fc.nat(right.length * 8 - 1), async (bit) => {
      const bytes = Buffer.from(right);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, bytes);
      const found = await world
        .archive()
        .findPackage(SUITE, "hello", { signal })
        .catch((error: { kind?: string }) => error.kind);
      expect(found === "refused" ? wanted : found).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

describe("an index is refused, and nothing kept,", () => {
  const index = (world: World): string => join(world.suite, "main/binary-amd64/Packages.xz");
  const cases: Record<string, { plan?: Partial<ArchivePlan>; spoil?: (world: World) => void; code: string }> = {
    "when a byte was changed": { spoil: (world) => flip(index(world), 60), code: "digest_mismatch" },
    "when it is longer than announced": { spoil: (world) => appendFileSync(index(world), "x"), code: "size_mismatch" },
    "when it is shorter than announced": { spoil: (world) => truncateSync(index(world), 40), code: "size_mismatch" },
    "when it is not there": { spoil: (world) => rmSync(index(world)), code: "mirror_lacks_file" },
    "when it unpacks to more than announced": {
      plan: { editRelease: (text) => text.replace(/\d+ (main\S*Packages\n)/, "10 $1") },
      code: "unpacked_too_large",
    },
    "when what is kept by its digest is not it": {
      plan: { editRelease: (text) => `Acquire-By-Hash: yes\n${text}` },
      spoil: (world) => {
        const bytes = readFileSync(index(world));
        const folder = join(world.suite, "main/binary-amd64/by-hash/SHA256");
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, createHash("sha256").update(bytes).digest("hex")), bytes.reverse());
      },
      code: "digest_mismatch",
    },
    "when it is not one": { plan: { editIndex: () => "no fields here\n" }, code: "archive_not_understood" },
    "when it leads out of the archive": {
      plan: { editIndex: (text) => text.replaceAll("pool/main", "../../etc") },
      code: "archive_not_understood",
    },
    "when it gives another address": {
      plan: { editIndex: (text) => text.replaceAll("pool/main", "http://elsewhere") },
      code: "archive_not_understood",
    },
    "when it has no digest for the package": {
      plan: { editIndex: (text) => text.replaceAll(/SHA256.*\n/g, "") },
      code: "archive_not_understood",
    },
    "when it lacks the package": { plan: { packages: [], editIndex: () => "Package: other\n" }, code: "package_not_found" },
  };
  test.each(Object.entries(cases))("%s", async (_name, { plan, spoil, code }) => {
    const world = await openWorld(plan);
    spoil?.(world);
    expect(await refusal(world)).toBe(code);
  });
});

describe("a package is refused, and nothing kept,", () => {
  const cases: Record<string, { spoil: (path: string) => void; code: string }> = {
    "when a byte was changed": { spoil: (path) => flip(path, 5), code: "digest_mismatch" },
    "when it is longer than announced": { spoil: (path) => appendFileSync(path, "more"), code: "size_mismatch" },
    "when it is shorter than announced": { spoil: (path) => truncateSync(path, 7), code: "size_mismatch" },
    "when it is not there": { spoil: (path) => rmSync(path), code: "mirror_lacks_file" },
    "when it is another version": { spoil: (path) => writeFileSync(path, Buffer.from(deb).reverse()), code: "digest_mismatch" },
  };
  test.each(Object.entries(cases))("%s", async (_name, { spoil, code }) => {
    const world = await openWorld();
    spoil(join(world.mirror, "pool/main/hello_2.deb"));
    expect(await refusal(world)).toBe(code);
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
