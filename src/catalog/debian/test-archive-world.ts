/** A made archive, a store of its own that asks it, and what a walk of the chain from one to the other comes to. */
import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { Log, System } from "../../system/system.ts";
import type { DebianArchive } from "../catalog.ts";
import { makeDebianArchive, type DebianArchiveParts } from "./debian-archive.ts";
import { endSigner, makeSigner, writeArchive, writeKeyring, type ArchivePlan, type Signer } from "./made-archive.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export const SUITE = "bookworm-security";
export const HELLO = Buffer.from("a package, to all who only count and hash");
export const OLD_HELLO = Buffer.from("old");
const PACKAGES = [
  {
    name: "hello_1",
    control: "Package: hello\nVersion: 1.0-1\nArchitecture: amd64\nDepends: libc6 (>= 2.36), a | b",
    content: OLD_HELLO,
  },
  { name: "hello_2", control: "Package: hello\nVersion: 1.0-2\nArchitecture: amd64", content: HELLO },
];

export interface ArchiveSigners {
  /** Pinned, and signs unless a plan says another. */
  readonly debian: Signer;
  /** Neither pinned nor in the keyring. */
  readonly next: Signer;
  /** In the keyring, and not pinned: only the pin keeps it out. */
  readonly stranger: Signer;
  /** Pinned, and at its end since 2020. */
  readonly expired: Signer;
  readonly keyring: string;
  end(): Promise<void>;
}

/** Keys for the tests of a file, and a folder for what they make; both go with the last of them. @param prefix of the folder; short, for gpg's sockets. */
export async function openSigners(prefix: string): Promise<{ readonly root: string; readonly signers: ArchiveSigners }> {
  const root = mkdtempSync(prefix);
  const signers = await makeArchiveSigners(root);
  afterAll(async () => {
    await signers.end();
    rmSync(root, { recursive: true, force: true });
  });
  return { root, signers };
}

async function makeArchiveSigners(root: string): Promise<ArchiveSigners> {
  const system = systemOf(join(root, "signers"));
  const debian = await makeSigner(system, join(root, "k1"), "Archive");
  const next = await makeSigner(system, join(root, "k2"), "Next archive");
  const stranger = await makeSigner(system, join(root, "k3"), "Stranger");
  const expired = await makeSigner(system, join(root, "k4"), "Old archive", ["--faked-system-time", "20200101T000000"], "30d");
  const keyring = join(root, "keyring.gpg");
  await writeKeyring(system, keyring, [debian, stranger, expired]);
  return {
    debian,
    next,
    stranger,
    expired,
    keyring,
    end: async () => {
      for (const signer of [debian, next, stranger, expired]) await endSigner(system, signer);
    },
  };
}

export function systemOf(home: string): System {
  return makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silent);
}

export interface ArchiveWorld {
  readonly system: System;
  readonly home: string;
  /** The archive's folder. */
  readonly mirror: string;
  /** The suite's folder in it. */
  readonly suite: string;
  readonly index: string;
  archive(parts?: Partial<DebianArchiveParts>): DebianArchive;
  /** Writes the archive anew. */
  write(plan: Partial<ArchivePlan>): Promise<void>;
}

/** A store of its own and a right archive, unless the plan spoils it. */
export async function openArchiveWorld(root: string, signers: ArchiveSigners, plan: Partial<ArchivePlan> = {}): Promise<ArchiveWorld> {
  const home = mkdtempSync(join(root, "w-"));
  const system = systemOf(home);
  const name = plan.suite ?? SUITE;
  const mirror = join(home, name.endsWith("-security") ? "mirror-security" : "mirror");
  const suite = join(mirror, "dists", name);
  mkdirSync(join(home, "canary/folder"), { recursive: true });
  writeFileSync(join(home, "canary/folder/file"), "untouched");
  symlinkSync("folder/file", join(home, "canary/link"));
  const write = (changes: Partial<ArchivePlan>): Promise<void> =>
    writeArchive(system, mirror, { suite: name, signers: [signers.debian], packages: PACKAGES, ...changes });
  await write(plan);
  return {
    system,
    home,
    mirror,
    suite,
    index: join(suite, "main/binary-amd64/Packages.xz"),
    write,
    archive: (parts = {}) =>
      makeDebianArchive({
        system,
        mirror: `file://${home}/mirror`,
        keys: { keyrings: [signers.keyring], fingerprints: [signers.debian.fingerprint, signers.expired.fingerprint] },
        retryDelaysMs: [1, 1],
        ...parts,
      }),
  };
}

/** Walks the whole chain. */
export async function fetchHello(world: ArchiveWorld, parts: Partial<DebianArchiveParts> = {}, suite = SUITE): Promise<string> {
  const archive = world.archive(parts);
  const { signal } = new AbortController();
  return archive.fetchPackage(await archive.findPackage(suite, "hello", { signal }), { signal });
}

export interface Walk {
  /** `accepted`, the code it was refused with, or what was thrown that is not an error of ours. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly tookMs: number;
  /** Paths below the store's home that were made or changed, sorted. */
  readonly left: readonly string[];
}

export async function walk(world: ArchiveWorld, parts: Partial<DebianArchiveParts> = {}, suite = SUITE): Promise<Walk> {
  const before = treeOf(world.home);
  const started = performance.now();
  const error = await fetchHello(world, parts, suite).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const tookMs = performance.now() - started;
  const after = treeOf(world.home);
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
  const common = { tookMs, left: paths.toSorted() };
  if (error === undefined) return { ...common, code: "accepted", message: "", hint: undefined };
  if (!(error instanceof BangerError)) return { ...common, code: `not ours: ${String(error)}`, message: "", hint: undefined };
  return { ...common, code: error.code, message: error.message, hint: error.hint };
}

/** What the name of each file and link below a folder leads to. */
function treeOf(folder: string): ReadonlyMap<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry): (readonly [string, string])[] => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) return [];
    return [[relative(folder, path), entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, "base64")]];
  });
  return new Map(found);
}

export function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

export function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, "latin1")), "latin1");
}
