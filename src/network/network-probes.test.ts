import { expect, test } from "bun:test";
import type { Probe } from "../contract/probe.ts";
import type { System } from "../system/system.ts";
import { networkProbes } from "./network-probes.ts";

const never = new AbortController().signal;
type Computer = { readonly has: readonly string[]; readonly tun: "usable" | "forbidden" | "absent"; readonly unshares: boolean };

/** The probes on a computer that is like that. */
function probesOn({ has, tun, unshares }: Computer): readonly Probe[] {
  const system = {
    processes: {
      which: (program: string) => (has.includes(program) ? `/usr/bin/${program}` : undefined),
      run: async () => ({ code: unshares ? 0 : 1, stdout: "", stderr: "unshare: unshare failed: Operation not permitted\n" }),
    },
    files: { mayUse: () => tun === "usable", find: async () => (tun === "absent" ? undefined : { kind: "other" }) },
  } as unknown as System;
  return networkProbes(system, ["passt", "pasta"], "/dev/net/tun");
}

const all: Computer = { has: ["passt", "pasta"], tun: "usable", unshares: true };

test("a computer with all of it is fine", async () => {
  const answers = await Promise.all(probesOn(all).map((probe) => probe.look(never)));
  expect(answers.map(({ status }) => status)).toEqual(["fine", "fine", "fine"]);
});

test.each<readonly [string, Partial<Computer>, number, string]>([
  ["a program", { has: ["passt"] }, 0, "sudo apt install passt"],
  ["the right to the device", { tun: "forbidden" }, 1, "sudo chmod 0666 /dev/net/tun"],
  ["the device", { tun: "absent" }, 1, "sudo modprobe tun"],
  ["user namespaces", { unshares: false }, 2, "sudo sysctl"],
])("without %s it says what to type", async (_what, change, at, hint) => {
  const answers = await Promise.all(probesOn({ ...all, ...change }).map((probe) => probe.look(never)));
  expect(answers.map(({ status }) => status === "missing")).toEqual([0, 1, 2].map((each) => each === at));
  expect(answers[at]?.hint).toStartWith(hint);
});
