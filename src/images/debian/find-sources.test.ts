import { expect, test } from "bun:test";
import type { DebianArchive, DebianSource } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import { findSources } from "./find-sources.ts";

const at = (uri: string, suite: string): DebianSource => ({ uri, suite, components: ["main"] });
const refuse = (): never => {
  throw new BangerError("refused", "release_rolled_back", "it is older than what was seen");
};

/** What is found, and what is said, with these sources by suite and this answer to whether a source has it. */
async function find(bySuite: Readonly<Record<string, readonly DebianSource[]>>, verifySuite: (source: DebianSource) => boolean) {
  const notices: string[] = [];
  const archive = {
    sources: async (suite: string) => {
      const found = bySuite[suite];
      if (found === undefined) throw new BangerError("unavailable", "no_debian_mirror", "none");
      return found;
    },
    verifySuite: async (source: DebianSource) => verifySuite(source),
  } as unknown as DebianArchive;
  const context = {
    signal: new AbortController().signal,
    notice: (text: string) => void notices.push(text),
  } as unknown as OperationContext;
  const sources = await findSources(archive, "bookworm", "cannot pull image x", context).catch((error: unknown) => error);
  return { sources, notices };
}

const mirror = {
  bookworm: [at("http://m/debian", "bookworm")],
  "bookworm-updates": [at("http://m/debian", "bookworm-updates")],
  "bookworm-security": [at("http://m/debian-security", "bookworm-security")],
};

test("the suite comes with its updates and security, each verified", async () => {
  const asked: string[] = [];
  const found = await find(mirror, ({ suite }) => asked.push(suite) > 0);
  expect(found).toEqual({ sources: Object.values(mirror).flat(), notices: [] });
  expect(asked).toEqual(["bookworm", "bookworm-updates", "bookworm-security"]);
});

test("what the mirror does not have beside the suite is left out, and that is said", async () => {
  const { sources, notices } = await find(mirror, ({ suite }) => suite !== "bookworm-security");
  expect(sources).toEqual([...mirror.bookworm, ...mirror["bookworm-updates"]]);
  expect(notices).toEqual([
    "http://m/debian-security has no bookworm-security: the image is made without it. Another mirror for it: debian.security_mirror in the config.",
  ]);
});

test("what no source is known for is left out, and that is said", async () => {
  const { sources, notices } = await find({ bookworm: mirror.bookworm, "bookworm-security": mirror["bookworm-security"] }, () => true);
  expect(sources).toEqual([...mirror.bookworm, ...mirror["bookworm-security"]]);
  expect(notices).toEqual(["No source for bookworm-updates is configured: the image is made without it."]);
});

test("a mirror without the suite itself is of no use", async () => {
  const { sources } = await find(mirror, ({ suite }) => suite !== "bookworm");
  expect(sources).toMatchObject({
    kind: "unavailable",
    code: "mirror_lacks_suite",
    message: "cannot pull image x: http://m/debian has no bookworm",
  });
});

test("a release that does not verify ends it, the main one's or another's", async () => {
  for (const suite of Object.keys(mirror)) {
    expect((await find(mirror, (source) => source.suite !== suite || refuse())).sources).toMatchObject({ code: "release_rolled_back" });
  }
});
