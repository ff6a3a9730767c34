import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { consoleVerdict } from "./console-verdict.ts";
import { decideExit, type EndOfQemu } from "./decide-exit.ts";

const facts: EndOfQemu = { shutdown: undefined, killed: false, end: { code: 0, signal: undefined }, consoleTail: "", lastWords: "" };
const PANIC = "[    1.0] Kernel panic - not syncing: VFS: no root\r\n";
const RESTART = "[    2.0] reboot: Restarting system\r\n";

describe("why QEMU is gone", () => {
  const cases: readonly (readonly [string, Partial<EndOfQemu>, ReturnType<typeof decideExit>])[] = [
    ["a power off", { shutdown: "guest-shutdown" }, { reason: "guest-power-off" }],
    ["a restart", { shutdown: "guest-reset", consoleTail: RESTART }, { reason: "guest-reset", detail: "it asked for a restart" }],
    ["a reset without a word", { shutdown: "guest-reset" }, { reason: "guest-reset", detail: "without a word on its console" }],
    ["a panic", { shutdown: "guest-reset", consoleTail: PANIC }, { reason: "guest-panic", detail: "VFS: no root" }],
    [
      "a panic of an earlier start",
      { shutdown: "guest-reset", consoleTail: PANIC + RESTART },
      { reason: "guest-reset", detail: "it asked for a restart" },
    ],
    [
      "a power off without ACPI",
      { shutdown: "guest-reset", consoleTail: `banger-agent: power off\n${RESTART}` },
      { reason: "guest-power-off" },
    ],
    [
      "a restart after an earlier power off",
      { shutdown: "guest-reset", consoleTail: `banger-agent: power off\n${RESTART}banger-agent: reboot\n${RESTART}` },
      { reason: "guest-reset", detail: "it asked for a restart" },
    ],
    [
      "an init that failed",
      { shutdown: "guest-reset", consoleTail: `banger-agent: failed: the agent is gone (signal 9)\n${RESTART}` },
      { reason: "guest-failed", detail: "the agent is gone (signal 9)" },
    ],
    [
      "a failed init that nobody listened to",
      { end: undefined, consoleTail: `banger-agent: failed: the agent is gone\r\n${RESTART}` },
      { reason: "guest-failed", detail: "the agent is gone" },
    ],
    [
      "a restart after an earlier failure",
      { shutdown: "guest-reset", consoleTail: `banger-agent: failed: x\n${RESTART}banger-agent: reboot\n${RESTART}` },
      { reason: "guest-reset", detail: "it asked for a restart" },
    ],
    ["our own kill", { killed: true, end: { code: undefined, signal: "SIGKILL" } }, { reason: "killed" }],
    ["somebody's SIGTERM", { shutdown: "host-signal" }, { reason: "killed" }],
    ["a crash", { end: { code: undefined, signal: "SIGSEGV" } }, { reason: "crashed", detail: "ended by SIGSEGV" }],
    [
      "an error",
      { end: { code: 1, signal: undefined }, lastWords: "no space" },
      { reason: "crashed", detail: "ended with code 1: no space" },
    ],
    ["a power off that nobody listened to", { end: undefined, consoleTail: "reboot: Power down\n" }, { reason: "guest-power-off" }],
    ["an end that nobody saw", { end: undefined }, { reason: "crashed", detail: "it is gone" }],
  ];
  test.each(cases)("%s", (_name, change, exit) => {
    expect(decideExit({ ...facts, ...change })).toEqual(exit);
  });
});

test("the guest's words in a verdict are plain text, whatever it writes", () => {
  const lead = fc.constantFrom("Kernel panic - not syncing: ", "banger-agent: failed: ");
  fc.assert(
    fc.property(lead, fc.string({ unit: "binary" }), (words, text) => {
      const verdict = consoleVerdict(words + text);
      if (verdict.kind === "panic" || verdict.kind === "failed") expect(verdict.detail).toMatch(/^[ -~]{0,200}$/);
    }),
  );
});
