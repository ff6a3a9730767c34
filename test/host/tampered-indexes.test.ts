/** Indexes and packages of a Debian archive that somebody tampered with: none is used, and none is kept. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { openSigners, openArchiveWorld, walk, type ArchiveWorld } from "../../src/catalog/debian/test-archive-world.ts";
import { INDEXES, PACKAGES, STANZAS } from "./index-cases.ts";

const { root, signers } = await openSigners("/tmp/bti-");

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** What may stay: when the release is from, and an index that is as the release says. */
function keptOf(world: ArchiveWorld): readonly string[] {
  const digest = isFile(world.index) ? createHash("sha256").update(readFileSync(world.index)).digest("hex") : "none";
  const index = join(world.system.layout.downloads, `sha256-${digest}`);
  return [...(existsSync(index) ? [index] : []), world.system.layout.seenReleases].map((path) => relative(world.home, path));
}

const tables = [
  ["an index", INDEXES],
  ["a stanza of an index", STANZAS],
  ["a package", PACKAGES],
] as const;

describe.each(tables)("%s is refused, and nothing kept, when", (_what, cases) => {
  test.each(Object.entries(cases))("%s", async (_how, { code, plan, spoil }) => {
    const world = await openArchiveWorld(root, signers, plan);
    await spoil?.(world);
    const { tookMs, left, ...seen } = await walk(world);
    expect(seen).toEqual({ code, message: expect.stringMatching(/^cannot (use|read|find) .*: \S/), hint: expect.stringMatching(/\S/) });
    expect(left).toEqual(keptOf(world));
    expect(tookMs).toBeLessThan(5000);
  });
});
