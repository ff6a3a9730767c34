/**
 * Releases of a Debian archive that somebody tampered with: none is believed, none leaves a trace, and whatever gpgv or sqv refuses is
 * refused.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endSigner, releaseHead, sign, type ArchivePlan } from "../../src/catalog/debian/made-archive.ts";
import {
  fetchHello,
  openSigners,
  openArchiveWorld,
  SUITE,
  systemOf,
  walk,
  type ArchiveWorld,
} from "../../src/catalog/debian/test-archive-world.ts";
import { askGpgv, askSqv } from "./ask-verifiers.ts";
import { keyringAfter, makeOddKey } from "./odd-keys.ts";
import { makeRandom, sample } from "../support/random.ts";
import { isFull } from "../support/seeded.ts";
import { CONTENTS, SHAPES, SIGNATURES, type ReleaseCase } from "./release-cases.ts";

setDefaultTimeout(600_000);

const { root, signers } = await openSigners("/tmp/btr-");
const signal = new AbortController().signal;
const system = systemOf(join(root, "asking"));

const openWorld = (plan: Partial<ArchivePlan> = {}): Promise<ArchiveWorld> => openArchiveWorld(root, signers, plan);

/** Walks the chain of a case, and asks the others about the same file. */
async function outcomeOf(one: ReleaseCase) {
  const key = one.key === undefined ? undefined : await makeOddKey(system, mkdtempSync(join(root, "o-")), one.key);
  const signing = key === undefined ? {} : { signers: [key], ...(one.key?.gpg === undefined ? {} : { gpg: one.key.gpg }) };
  const suite = one.suite ?? SUITE;
  const world = await openWorld({ suite, ...signing, ...one.plan?.(signers) });
  const path = join(world.suite, "InRelease");
  const text = readFileSync(path, "latin1");
  const spoiled = await one.spoil?.(text, {
    signers,
    sign: async (content, by, how) =>
      Buffer.from(await sign(system, Buffer.from(content, "latin1"), [by], [], how?.split(" "))).toString("latin1"),
  });
  // A way to spoil it that no longer does so would be refused by nobody.
  if (one.spoil !== undefined) expect(spoiled).not.toBe(text);
  if (spoiled !== undefined) writeFileSync(path, spoiled, "latin1");
  const keyring = key === undefined ? signers.keyring : await keyringAfter(system, key, one.key ?? {});
  const keys = { keyrings: [keyring], fingerprints: [key ?? signers.debian, signers.expired].map(({ fingerprint }) => fingerprint) };
  const signed = readFileSync(path);
  const ours = await walk(world, { keys }, suite);
  const folder = mkdtempSync(join(root, "a-"));
  const others = { gpgv: await askGpgv(system, signed, keyring, folder), sqv: await askSqv(system, signed, keyring, folder) };
  if (key !== undefined) await endSigner(system, key);
  return { ours, others };
}

const right: Readonly<Record<string, ReleaseCase>> = {
  "as the archive's key signed it": { code: "accepted", gpgv: "accepts", sqv: "accepts" },
  "by a subkey of a pinned key": { code: "accepted", gpgv: "accepts", sqv: "accepts", key: {} },
  "with a line of a million letters": {
    code: "accepted",
    gpgv: "accepts",
    sqv: "accepts",
    plan: () => ({ editRelease: (text) => `Label: ${"x".repeat(1e6)}\n${text}` }),
  },
  "with dashes before its lines": {
    code: "accepted",
    gpgv: "accepts",
    sqv: "accepts",
    spoil: (text) => text.replace("Origin", "- Origin"),
  },
  "without a sum at the end of its armor": {
    code: "accepted",
    gpgv: "accepts",
    sqv: "accepts",
    spoil: (text) => text.replace(/\n=.{4}\n/, "\n"),
  },
  "with blanks at the end of its lines": {
    code: "accepted",
    gpgv: "accepts",
    sqv: "accepts",
    spoil: (text) => text.replace("Test\n", "Test \n"),
  },
};

describe("an InRelease is taken", () => {
  test.each(Object.entries(right))("%s", async (_how, one) => {
    const { ours, others } = await outcomeOf(one);
    expect({ code: ours.code, ...others }).toEqual({ code: one.code, gpgv: one.gpgv, sqv: one.sqv });
  });
});

describe("an InRelease is refused, and nothing kept, when", () => {
  const cases = Object.entries({ ...SHAPES, ...SIGNATURES, ...CONTENTS });

  test("there are more than forty of them, and each that not both refuse has a reason", () => {
    expect(cases.length).toBeGreaterThan(40);
    const unsaid = cases.filter(([, { gpgv, sqv, because }]) => (gpgv !== "refuses" || sqv === "accepts") && because === undefined);
    expect(unsaid).toEqual([]);
  });

  test.each(cases)("%s", async (_what, one) => {
    const { ours, others } = await outcomeOf(one);
    expect({ code: ours.code, ...others }).toEqual({ code: one.code, gpgv: one.gpgv, sqv: one.sqv });
    expect(ours.left).toEqual([]);
    expect(ours.message).toMatch(/^cannot (use|trust) .*: \S/);
    expect(ours.hint).toMatch(/\S/);
    expect(ours.tookMs).toBeLessThan(5000);
  });

  test("it is longer than such a file may be", async () => {
    const world = await openWorld();
    appendFileSync(join(world.suite, "InRelease"), Buffer.alloc(5 * 2 ** 20));
    expect(await walk(world)).toMatchObject({ code: "longer_than_allowed", left: [], hint: expect.any(String) });
  });

  test("there is none, but a Release of today and the signature of another", async () => {
    const world = await openWorld();
    const path = join(world.suite, "InRelease");
    renameSync(path, join(world.suite, "Release"));
    writeFileSync(
      join(world.suite, "Release.gpg"),
      await sign(system, Buffer.from("another"), [signers.debian], [], ["--armor", "--detach-sign"]),
    );
    expect(await walk(world)).toMatchObject({ code: "mirror_lacks_suite", left: [], hint: expect.any(String) });
  });

  test("one of later was seen before", async () => {
    const world = await openWorld();
    await fetchHello(world);
    await world.write({ head: releaseHead(SUITE, Date.now() - 3 * 86_400_000).replace(/Valid-Until.*\n/, "") });
    const signed = readFileSync(join(world.suite, "InRelease"));
    expect(await walk(world)).toMatchObject({ code: "release_rolled_back", left: [], hint: expect.any(String) });
    // Neither remembers what it saw.
    expect(await askGpgv(system, signed, signers.keyring, world.home)).toBe("accepts");
    expect(await askSqv(system, signed, signers.keyring, world.home)).toBe("accepts");
  });
});

test("an InRelease with any bit changed is refused, or says the same; and whatever gpgv or sqv refuses is refused", async () => {
  const world = await openWorld();
  const path = join(world.suite, "InRelease");
  const right = readFileSync(path);
  const wanted = await world.archive().findPackage(SUITE, "hello", { signal });
  const folder = mkdtempSync(join(root, "a-"));
  const all = [...Array(right.length * 8).keys()];
  for (const bit of isFull ? all : sample(all, 100, makeRandom())) {
    const bytes = Buffer.from(right);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(path, bytes);
    const found = await world
      .archive()
      .findPackage(SUITE, "hello", { signal })
      .catch((error: { kind?: string }) => error.kind);
    if (found === "refused") continue;
    expect({ bit, found }).toEqual({ bit, found: wanted });
    const others = {
      gpgv: await askGpgv(system, bytes, signers.keyring, folder),
      sqv: await askSqv(system, bytes, signers.keyring, folder),
    };
    expect({ bit, ...others }).toEqual({ bit, gpgv: "accepts", sqv: "accepts" });
  }
});
