/** Indexes and packages of a Debian archive that somebody tampered with: none is used, and none is kept. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { ArchivePlan } from "../../src/catalog/debian/made-archive.ts";
import {
  flip,
  forget,
  HELLO,
  makeArchiveSigners,
  openArchiveWorld,
  walk,
  type ArchiveSigners,
  type ArchiveWorld,
} from "../../src/catalog/debian/test-archive-world.ts";

const root = mkdtempSync("/tmp/bti-");
let signers: ArchiveSigners;

beforeAll(async () => {
  signers = await makeArchiveSigners(root);
});

afterAll(async () => {
  await signers.end();
  forget(root);
});

const openWorld = (plan: Partial<ArchivePlan> = {}): Promise<ArchiveWorld> => openArchiveWorld(root, signers, plan);

/** What may stay: when the release is from, and an index that is as the release says. */
function keptOf(world: ArchiveWorld): readonly string[] {
  const digest = existsSync(world.index) ? createHash("sha256").update(readFileSync(world.index)).digest("hex") : "none";
  const index = join(world.system.layout.downloads, `sha256-${digest}`);
  return [...(existsSync(index) ? [index] : []), world.system.layout.seenReleases].map((path) => relative(world.home, path));
}

describe("an index is refused, and nothing kept,", () => {
  const cases: Record<string, { plan?: Partial<ArchivePlan>; spoil?: (world: ArchiveWorld) => void; code: string }> = {
    "when a byte was changed": { spoil: (world) => flip(world.index, 60), code: "digest_mismatch" },
    "when it is longer than announced": { spoil: (world) => appendFileSync(world.index, "x"), code: "size_mismatch" },
    "when it is shorter than announced": { spoil: (world) => truncateSync(world.index, 40), code: "size_mismatch" },
    "when the release does not name it": {
      plan: { editRelease: (text) => text.replace(/^.*Packages\.xz\n/m, "") },
      code: "index_not_signed",
    },
    "when it is endless": {
      plan: { editRelease: (text) => text.replace(/\d+ (main\S*Packages\.xz)/, "99999999999 $1") },
      code: "index_too_large",
    },
    "when it is not there": { spoil: (world) => rmSync(world.index), code: "mirror_lacks_file" },
    "when it unpacks to more than announced": {
      plan: { editRelease: (text) => text.replace(/\d+ (main\S*Packages\n)/, "10 $1") },
      code: "unpacked_too_large",
    },
    "when what is kept by its digest is not it": {
      plan: { editRelease: (text) => `Acquire-By-Hash: yes\n${text}` },
      spoil: (world) => {
        const bytes = readFileSync(world.index);
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
    const { code: seen, left } = await walk(world);
    expect([seen, ...left]).toEqual([code, ...keptOf(world)]);
  });
});

describe("a package is refused, and nothing kept,", () => {
  const cases: Record<string, { spoil: (path: string) => void; code: string }> = {
    "when a byte was changed": { spoil: (path) => flip(path, 5), code: "digest_mismatch" },
    "when it is longer than announced": { spoil: (path) => appendFileSync(path, "more"), code: "size_mismatch" },
    "when it is shorter than announced": { spoil: (path) => truncateSync(path, 7), code: "size_mismatch" },
    "when it is not there": { spoil: (path) => rmSync(path), code: "mirror_lacks_file" },
    "when it is another version": { spoil: (path) => writeFileSync(path, Buffer.from(HELLO).reverse()), code: "digest_mismatch" },
  };
  test.each(Object.entries(cases))("%s", async (_name, { spoil, code }) => {
    const world = await openWorld();
    spoil(join(world.mirror, "pool/main/hello_2.deb"));
    const { code: seen, left } = await walk(world);
    expect([seen, ...left]).toEqual([code, ...keptOf(world)]);
  });
});
