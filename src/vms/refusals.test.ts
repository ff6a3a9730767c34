import { describe, expect, test } from "bun:test";
import { VM_STATES, type VmState } from "../contract/schemas/vm.ts";
import { notRunning, refusedCommand } from "./refusals.ts";
import { decide, type Command, type Verb } from "./state.ts";

const hintOf = (state: VmState, command: Command): string | undefined => {
  const decision = decide(state, command);
  return decision.kind === "refuse" ? refusedCommand({ name: "dev" }, command, decision).hint : "not refused";
};

describe("what to type instead of a command that is refused", () => {
  test("is commands and nothing else", () => {
    expect(hintOf("stopping", "start")).toBe("banger vm stop dev, then banger vm start dev");
    expect(hintOf("stopping", "delete")).toBe("banger vm delete --force dev");
    expect(hintOf("running", "delete")).toBe("banger vm delete --force dev");
    expect(hintOf("paused", "start")).toBe("banger vm resume dev");
    expect(hintOf("preparing", "start")).toBeUndefined();
    expect(hintOf("stopped", "resume")).toBe("banger vm start dev");
  });

  test("is not refused in its turn", () => {
    const commandsOf = (verb: Verb): readonly Command[] => (verb === "show" ? [] : verb === "delete --force" ? ["kill", "delete"] : [verb]);
    for (const command of ["start", "stop", "kill", "pause", "resume", "delete"] as const) {
      for (const first of VM_STATES) {
        const decision = decide(first, command);
        if (decision.kind !== "refuse") continue;
        let state: VmState = first;
        for (const instead of decision.instead.flatMap(commandsOf)) {
          const next = decide(state, instead);
          expect(next.kind, `${instead} of ${state}, told to who wanted ${command} of ${first}`).not.toBe("refuse");
          // A command has ended before the next is typed.
          state = instead === "stop" || instead === "kill" ? "stopped" : next.kind === "go" ? next.to : state;
        }
      }
    }
  });
});

test.each([
  ["stopped", "banger vm start dev"],
  ["broken", "banger vm start dev"],
  ["starting", "banger vm start dev"],
  ["stopping", "banger vm stop dev, then banger vm start dev"],
  ["paused", "banger vm resume dev"],
  ["deleting", "banger vm show dev"],
] as const)("who speaks to a vm that is %s is told how it runs", (state, hint) => {
  expect(notRunning({ name: "dev", state })).toMatchObject({
    code: "vm_not_running",
    message: `vm dev is not running: it is ${state}`,
    hint,
  });
});
