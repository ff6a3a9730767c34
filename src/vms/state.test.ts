import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { VM_STATES, type VmState } from "../contract/schemas/vm.ts";
import { decide, refuseChange, settle, type Command, type VmEvent } from "./state.ts";

const COMMANDS: readonly Command[] = ["start", "stop", "kill", "pause", "resume", "delete"];
const EVENTS: readonly VmEvent[] = ["prepared", "booted", "paused", "resumed", "halted", "failed"];

/** Where a command or event leads; the same state when nothing moves. */
function move(state: VmState, step: Command | VmEvent): VmState {
  if ((EVENTS as readonly string[]).includes(step)) return settle(state, step as VmEvent) ?? state;
  const decision = decide(state, step as Command);
  return decision.kind === "go" ? decision.to : state;
}

const steps = fc.array(fc.constantFrom<Command | VmEvent>(...COMMANDS, ...EVENTS.filter((event) => !COMMANDS.includes(event as never))));

describe("the table of moves", () => {
  test("is total", () => {
    for (const state of VM_STATES) {
      for (const command of COMMANDS) expect(decide(state, command).kind).toMatch(/^(go|join|refuse)$/);
    }
  });

  test("never moves twice for the same command asked twice", () => {
    for (const state of VM_STATES) {
      for (const command of COMMANDS) {
        const first = decide(state, command);
        if (first.kind === "go") expect(decide(first.to, command).kind).not.toBe("go");
      }
    }
  });

  test("lets nothing leave deleting", () => {
    fc.assert(fc.property(steps, (walk) => expect(walk.reduce(move, "deleting" as VmState)).toBe("deleting")));
  });

  test("enters running only by booted, or by resume", () => {
    for (const state of VM_STATES.filter((candidate) => candidate !== "running")) {
      for (const step of [...COMMANDS, ...EVENTS]) {
        if (move(state, step) === "running")
          expect<string[]>(["starting booted", "paused resume", "paused resumed"]).toContain(`${state} ${step}`);
      }
    }
  });

  test("has a way to deleting from every state", () => {
    for (const state of VM_STATES) {
      const reached = new Set<VmState>([state]);
      for (const from of reached) for (const step of [...COMMANDS, ...EVENTS]) reached.add(move(from, step));
      expect(reached.has("deleting")).toBe(true);
    }
  });

  test("lets a vm be changed exactly where no command is under way and none can be joined for ever", () => {
    const changeable = VM_STATES.filter((state) => refuseChange(state) === undefined);
    expect(changeable).toEqual(["stopped", "running", "paused", "broken"]);
  });

  test("reaches running again after any walk that does not delete", () => {
    const harmless = steps.map((walk) => walk.filter((step) => step !== "delete"));
    fc.assert(
      fc.property(harmless, (walk) => {
        const state = ["prepared" as const, ...walk].reduce<VmState>(move, "preparing");
        expect((["kill", "halted", "start", "booted"] as const).reduce<VmState>(move, state)).toBe("running");
      }),
    );
  });
});
