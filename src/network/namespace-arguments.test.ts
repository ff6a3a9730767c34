import { describe, expect, test } from "bun:test";
import { enterArguments, isKeeper, isKeeping, isUplink, keeperArguments, uplinkArguments, vmmArguments } from "./namespace-arguments.ts";

const PIPE = "/run/banger/net/keeper";
const LOG = "/run/banger/net/pasta.log";

describe.each(["rootless", "rooted"] as const)("of a namespace that is %s", (mode) => {
  test("a VMM and the keeper have no rights over it", () => {
    for (const argv of [vmmArguments(mode, 7), keeperArguments(mode, PIPE)]) {
      expect(argv.join(" ")).toContain("setpriv --bounding-set=-all --inh-caps=-all --no-new-privs");
    }
    expect(vmmArguments(mode, 7).at(-1)).toBe("--");
  });

  test("the keeper is known from its first moment, and as ready when it is", () => {
    const argv = keeperArguments(mode, PIPE);
    for (const each of [argv, argv.slice(argv.indexOf("setpriv")), ["/usr/bin/cat", PIPE]])
      expect(isKeeping([...each, ""], PIPE)).toBe(true);
    expect(isKeeper(["cat", PIPE, ""], PIPE)).toBe(true);
    expect(isKeeper(argv, PIPE)).toBe(false);
  });

  test("no port of the host leads in, and none of it out", () => {
    const argv = uplinkArguments(mode, 7, LOG);
    expect(argv.join(" ")).toContain("-t none -u none -T none -U none");
    expect(argv.join(" ")).toContain("--netns /proc/7/ns/net");
    for (const each of [argv, argv.slice(argv.indexOf("pasta"))]) expect(isUplink(each, LOG)).toBe(true);
  });

  test("there is a user namespace for who is not root alone", () => {
    const isRootless = mode === "rootless";
    for (const argv of [keeperArguments(mode, PIPE), enterArguments(mode, 7), uplinkArguments(mode, 7, LOG)]) {
      expect(argv.includes("--user")).toBe(isRootless);
    }
  });
});

test.each([
  [[]],
  [["tail", "-f", PIPE]],
  [["cat", "/tmp/other"]],
  [["cat", "-n", PIPE]],
  [["unshare", "--user", "tail", "-f", PIPE]],
  [["sh", "-c", `cat ${PIPE}`]],
])("%p keeps nothing", (argv) => {
  expect(isKeeping(argv, PIPE)).toBe(false);
});

test.each([[[]], [["tail", "-f", LOG]], [["less", "--log-file", LOG]], [["pasta", LOG]], [["pasta", "--log-file", "/tmp/other.log"]]])(
  "%p is no uplink",
  (argv) => {
    expect(isUplink(argv, LOG)).toBe(false);
  },
);
