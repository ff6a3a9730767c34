import { expect, test } from "bun:test";
import type { System } from "../system/system.ts";
import { makeNetwork } from "./make-network.ts";

/** A computer with these programs. */
function makeComputer(programs: readonly string[], mayUseTun: boolean): System {
  const processes = { which: (program: string) => (programs.includes(program) ? `/usr/bin/${program}` : undefined) };
  const files = { mayUse: () => mayUseTun, readText: async () => "nameserver 192.0.2.7\n" };
  return { processes, files } as unknown as System;
}

test.each([
  ["without passt", [], true, "passt and pasta are not installed", "sudo apt install passt"],
  ["with an old passt that has no pasta", ["passt"], true, "pasta is not installed", "sudo apt install passt"],
  ["where /dev/net/tun is not ours to use", ["passt", "pasta"], false, "you may not use /dev/net/tun", "sudo chmod 0666 /dev/net/tun"],
] as const)("%s, --nat is by QEMU, and that is said", async (_name, programs, mayUseTun, why, hint) => {
  const network = makeNetwork({ system: makeComputer(programs, mayUseTun) });
  const link = await network.openLink("0123456789ab", { wanted: true }, "/run", "/log", new AbortController().signal);
  expect(link.mode).toBe("user");
  expect(link.notice).toStartWith(`${why}, so QEMU's own network is used`);
  expect(link.notice).toEndWith(`To close that: ${hint}`);
});

test("a fallback says what it exposes, why it is used, and what to type", async () => {
  const network = makeNetwork({ system: makeComputer(["passt", "pasta"], false) });
  const link = await network.openLink("0123456789ab", { wanted: true }, "/run", "/log", new AbortController().signal);
  expect(link.mode).toBe("user");
  expect(link.notice).toStartWith("you may not use /dev/net/tun, so QEMU's own network is used");
  expect(link.notice).toContain("loopback (127.0.0.1) at 10.0.2.2");
  expect(link.notice).toEndWith("To close that: sudo chmod 0666 /dev/net/tun");
});
