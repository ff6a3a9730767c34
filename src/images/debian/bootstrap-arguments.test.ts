import { describe, expect, test } from "bun:test";
import { DEBIAN_KEYRING, bootstrapArguments, type BootstrapPlan } from "./bootstrap-arguments.ts";

const plan: BootstrapPlan = {
  mode: "unshare",
  suite: "bookworm",
  arch: "amd64",
  packages: ["systemd", "dbus"],
  sources: [{ uri: "http://mirror.example/debian", suite: "bookworm", components: ["main"] }],
  seedArchivePath: "/home/o'neil/with space/seed.tar",
};

describe("the arguments of mmdebstrap", () => {
  const argv = bootstrapArguments(plan);

  test("give each source with the pinned keyring", () => {
    expect(argv).toContain(`--keyring=${DEBIAN_KEYRING}`);
    expect(argv.at(-1)).toBe(`deb [signed-by=${DEBIAN_KEYRING}] http://mirror.example/debian bookworm main`);
    expect(argv.slice(-3, -1)).toEqual(["bookworm", "-"]);
  });

  test("quote the path of the seed for mmdebstrap's own hook", () => {
    expect(argv).toContain(String.raw`--customize-hook=download /banger-work-seed.tar '/home/o'\''neil/with space/seed.tar'`);
  });

  test.each(["http://m/debian [trusted=yes]", "http://m/x\ndeb evil", "http://m/$(id)"])("refuse the source %p", (uri) => {
    expect(() => bootstrapArguments({ ...plan, sources: [{ uri, suite: "bookworm", components: ["main"] }] })).toThrow(
      expect.objectContaining({ code: "bad_apt_source" }),
    );
  });
});
