import { expect, test } from "bun:test";
import { refuseCommand, refuseNotRunning } from "./refuse.ts";
import { decide } from "./state.ts";

const hintOf = (state: "stopping" | "running" | "paused" | "preparing", command: "start" | "delete"): string | undefined => {
  const decision = decide(state, command);
  return decision.kind === "refuse" ? refuseCommand(command, "dev", decision).hint : "not refused";
};

test("what to type instead is commands and nothing else", () => {
  expect(hintOf("stopping", "start")).toBe("banger vm stop dev, then banger vm start dev");
  expect(hintOf("stopping", "delete")).toBe("banger vm delete --force dev");
  expect(hintOf("running", "delete")).toBe("banger vm delete --force dev");
  expect(hintOf("paused", "start")).toBe("banger vm resume dev");
  expect(hintOf("preparing", "start")).toBeUndefined();
});

test.each([
  ["stopped", "banger vm start dev"],
  ["broken", "banger vm start dev"],
  ["starting", "banger vm start dev"],
  ["stopping", "banger vm stop dev, then banger vm start dev"],
  ["paused", "banger vm resume dev"],
  ["deleting", "banger vm show dev"],
] as const)("a vm that is %s is told how to run", (state, hint) => {
  expect(refuseNotRunning({ name: "dev", state })).toMatchObject({
    code: "vm_not_running",
    message: `vm dev is not running: it is ${state}`,
    hint,
  });
});
