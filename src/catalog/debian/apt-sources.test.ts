import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseSourceLines, parseSourceStanzas } from "./apt-sources.ts";
import { chooseSources } from "./choose-sources.ts";

const at = (uri: string, suite: string, components: readonly string[] = ["main"]) => ({ uri, suite, components });

describe("one-line sources", () => {
  test.each([
    ["deb http://m/debian bookworm main", [at("http://m/debian", "bookworm")]],
    ["deb http://m/debian/ bookworm main contrib # note", [at("http://m/debian", "bookworm", ["main", "contrib"])]],
    ["deb [ signed-by=/x.gpg arch=amd64,arm64 ] https://m/debian bookworm main", [at("https://m/debian", "bookworm")]],
    ["deb [arch=arm64] http://m/debian bookworm main", []],
    ["deb-src http://m/debian bookworm main", []],
    ["# deb http://m/debian bookworm main", []],
    ["deb cdrom:[Debian]/ bookworm main", []],
    ["deb file:/srv/mirror bookworm main", [at("file:///srv/mirror", "bookworm")]],
    ["deb http://m/flat ./ x", []],
    ["rubbish", []],
  ])("%s", (line, sources) => {
    expect(parseSourceLines(`\n${line}\n`)).toEqual(sources);
  });

  test("never throw", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => Array.isArray(parseSourceLines(text))));
  });
});

describe("deb822 sources", () => {
  test("give each suite at each address", () => {
    const text = `# c\nTypes: deb deb-src\nURIs: http://a/debian\n  http://b/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By:\n -----BEGIN\n .\n x\n\nTypes: deb\nURIs: http://s/debian-security\nSuites: bookworm-security\nComponents: main\n`;
    expect(parseSourceStanzas(text)).toEqual([
      at("http://a/debian", "bookworm"),
      at("http://a/debian", "bookworm-updates"),
      at("http://b/debian", "bookworm"),
      at("http://b/debian", "bookworm-updates"),
      at("http://s/debian-security", "bookworm-security"),
    ]);
  });

  test.each(["Enabled: no", "Types: deb-src", "Architectures: arm64"])("leave out a stanza with %s", (line) => {
    const fields = ["Types: deb", "URIs: http://a/debian", "Suites: bookworm", "Components: main"].filter(
      (field) => field.split(":")[0] !== line.split(":")[0],
    );
    expect(parseSourceStanzas([...fields, line].join("\n"))).toEqual([]);
  });
});

describe("the sources for a suite", () => {
  const host = [at("http://m/debian", "trixie"), at("http://s/debian-security", "trixie-security"), at("http://other/apt", "nodistro")];
  test.each([
    ["the host's own", "trixie", host, {}, ["http://m/debian"]],
    ["of another release, its mirror", "bookworm", host, {}, ["http://m/debian"]],
    ["of another release's security, its mirror", "bookworm-security", host, {}, ["http://s/debian-security"]],
    [
      "security without such a source: beside the archive",
      "bookworm-security",
      [at("http://m/debian", "bookworm")],
      {},
      ["http://m/debian-security"],
    ],
    ["the config's mirror", "bookworm", host, { mirror: "http://c/debian" }, ["http://c/debian"]],
    ["the config's mirror for security", "bookworm-security", host, { mirror: "http://c/debian" }, ["http://c/debian-security"]],
    [
      "the config's mirror for security alone",
      "bookworm-security",
      host,
      { mirror: "http://c/debian", securityMirror: "http://d/s" },
      ["http://d/s"],
    ],
    ["the host's own, with a mirror for security alone", "trixie", host, { securityMirror: "http://d/s" }, ["http://m/debian"]],
    ["none on a host without Debian's", "bookworm", [at("http://u/ubuntu", "noble")], {}, []],
    ["each address once", "trixie", [...host, ...host], {}, ["http://m/debian"]],
  ])("%s", (_name, suite, sources, mirrors, uris) => {
    expect(chooseSources(suite, sources, mirrors).map(({ uri }) => uri)).toEqual(uris);
  });
});
