import { describe, expect, test } from "bun:test";
import { macOf } from "./guest-address.ts";
import { linkMarker, passtArguments, vmIdOf } from "./passt-arguments.ts";

const paths = { socketPath: "/run/banger/v/0123456789ab/passt.sock", logPath: `/s/vms/0123456789ab/${linkMarker("0123456789ab")}.log` };

describe("the command of a link", () => {
  for (const isRoot of [false, true]) {
    const argv = passtArguments(paths, isRoot);
    const [outer, inner] = [argv.slice(0, argv.indexOf("passt")), argv.slice(argv.indexOf("passt"))];

    test(`leaves no way to the host's loopback or in from its ports, ${isRoot ? "as root" : "as a user"}`, () => {
      for (const side of [outer, inner]) {
        expect(side).toContain("--no-map-gw");
        expect(side.join(" ")).toContain("-t none -u none");
      }
      expect(outer.join(" ")).toContain("-T none -U none");
    });

    test(`ends with the VMM and is found by its marker, ${isRoot ? "as root" : "as a user"}`, () => {
      expect(inner).toContain("--one-off");
      for (const command of [argv, argv.slice(argv.indexOf("pasta")), inner]) {
        expect(command.join("\0")).toContain(linkMarker("0123456789ab"));
        expect(vmIdOf(command)).toBe("0123456789ab");
      }
    });
  }

  test.each([
    [[]],
    [["tail", "-f", paths.logPath]],
    [["less", "--log-file", paths.logPath]],
    [["unshare", "tail", "-f", paths.logPath]],
    [["passt", paths.logPath]],
    [["passt", "--log-file", "/tmp/other.log"]],
  ])("is not %p", (command) => expect(vmIdOf(command)).toBeUndefined());

  test("makes a user namespace for root alone", () => {
    expect(passtArguments(paths, true)[0]).toBe("unshare");
    expect(passtArguments(paths, false)[0]).toBe("pasta");
  });
});

test("a vm's card has the same unicast, locally administered address at each start", () => {
  expect(macOf("0123456789ab")).toBe("52:54:00:01:23:45");
});
