import { expect, test } from "bun:test";
import type { System } from "../system/system.ts";
import { makeNetwork } from "./make-network.ts";

/** A computer as `probe` sees it. */
function makeComputer(programs: readonly string[], mayUseTun: boolean): System {
  const processes = { which: (program: string) => (programs.includes(program) ? `/usr/bin/${program}` : undefined) };
  const files = { mayUse: () => mayUseTun, readText: async () => "nameserver 192.0.2.7\n" };
  return { processes, files } as unknown as System;
}

test.each([
  ["with passt and its device", ["passt", "pasta"], true, "passt", "passt is installed"],
  ["without passt", [], true, "user", "passt and pasta are not installed: sudo apt install passt"],
  ["with an old passt that has no pasta", ["passt"], true, "user", "pasta is not installed: sudo apt install passt"],
  [
    "where /dev/net/tun is not ours to use",
    ["passt", "pasta"],
    false,
    "user",
    "you may not use /dev/net/tun: sudo chmod 0666 /dev/net/tun",
  ],
] as const)("%s, --nat is by %p", (_name, programs, mayUseTun, mode, reason) => {
  expect(makeNetwork({ system: makeComputer(programs, mayUseTun) }).probe()).toEqual({ mode, reason });
});

test("a fallback says what it exposes, why it is used, and what to type", async () => {
  const network = makeNetwork({ system: makeComputer(["passt", "pasta"], false) });
  const link = await network.openLink("0123456789ab", { wanted: true }, "/run", "/log", new AbortController().signal);
  expect(link.mode).toBe("user");
  expect(link.notice).toStartWith("you may not use /dev/net/tun, so QEMU's own network is used");
  expect(link.notice).toContain("loopback (127.0.0.1) at 10.0.2.2");
  expect(link.notice).toEndWith("To close that: sudo chmod 0666 /dev/net/tun");
});
