/** Releases of a Debian archive that somebody tampered with: none is believed, and none leaves a trace. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { releaseHead, sign, type ArchivePlan } from "../../src/catalog/debian/made-archive.ts";
import {
  edit,
  fetchHello,
  flip,
  forget,
  makeArchiveSigners,
  openArchiveWorld,
  SUITE,
  walk,
  type ArchiveSigners,
  type ArchiveWorld,
} from "../../src/catalog/debian/test-archive-world.ts";

const root = mkdtempSync("/tmp/btr-");
const signal = new AbortController().signal;
let signers: ArchiveSigners;

beforeAll(async () => {
  signers = await makeArchiveSigners(root);
});

afterAll(async () => {
  await signers.end();
  forget(root);
});

const openWorld = (plan: Partial<ArchivePlan> = {}): Promise<ArchiveWorld> => openArchiveWorld(root, signers, plan);

describe("an InRelease is refused, and nothing kept,", () => {
  const cases: Record<string, { plan?: () => Partial<ArchivePlan>; spoil?: (world: ArchiveWorld) => void | Promise<void>; code: string }> =
    {
      "when it is not signed": { plan: () => ({ signers: [] }), code: "signature_missing" },
      "when it is empty": { spoil: ({ suite }) => writeFileSync(join(suite, "InRelease"), ""), code: "signature_missing" },
      "when it is a web page": {
        spoil: ({ suite }) => writeFileSync(join(suite, "InRelease"), "<html>log in first</html>"),
        code: "signature_missing",
      },
      "when only a key that is not pinned signed it (a good signature, and no valid one)": {
        plan: () => ({ signers: [signers.stranger] }),
        code: "signature_not_pinned",
      },
      "when only an unknown key signed it": { plan: () => ({ signers: [signers.next] }), code: "signature_not_pinned" },
      "when a pinned key signed it after its end": {
        plan: () => ({ signers: [signers.expired], gpg: ["--faked-system-time", "20200110T000000"] }),
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
          const more = await sign(own, Buffer.from("Codename: x\n"), [signers.stranger]);
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
      "when it is of another suite": {
        plan: () => ({ head: releaseHead("bullseye-security", Date.now()) }),
        code: "release_of_other_suite",
      },
      "when it has no date": { plan: () => ({ editRelease: (text) => text.replace(/^Date.*\n/m, "") }), code: "archive_not_understood" },
      "when a date is not one": {
        plan: () => ({ editRelease: (text) => text.replace(/^Valid-Until.*$/m, "Valid-Until: never") }),
        code: "archive_not_understood",
      },
      "when a field comes twice": {
        plan: () => ({ editRelease: (text) => `Codename: ${SUITE}\n${text}` }),
        code: "archive_not_understood",
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
    expect(await walk(world)).toMatchObject({ code, left: [] });
  });

  test("when one of later was seen before", async () => {
    const world = await openWorld();
    await fetchHello(world);
    const head = releaseHead(SUITE, Date.now() - 3 * 86_400_000).replace(/Valid-Until.*\n/, "");
    await world.write({ head });
    expect(await walk(world)).toMatchObject({ code: "release_rolled_back", left: [] });
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
