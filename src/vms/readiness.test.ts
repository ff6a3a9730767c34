import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { Requirement } from "../contract/schemas/requirement.ts";
import { awaitReady, giveUp } from "./readiness.ts";
import type { VmRecord, VmRequirement } from "./vm-record.ts";

const never = new AbortController().signal;

/** How a guest of the test behaves to the waiting for one port. */
type Behaviour = "met" | "not met" | "breaks off once" | "never answers";

/** Waits for a port for each behaviour; all that was written and told, and what it came to. */
async function run(behaviours: readonly Behaviour[], deadlineMs = 60_000) {
  const requirements = behaviours.map((_, index): Requirement => ({
    kind: "tcp",
    port: index + 1,
    name: `port ${index + 1}`,
    deadlineMs,
    hint: null,
  }));
  const record = { id: "0123456789ab", name: "dev", plan: { requirements } } as unknown as VmRecord;
  const written: (readonly VmRequirement[])[] = [];
  const told: string[] = [];
  const brokenOff = new Set<number>();
  // Time passes only by waiting for it.
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, bootId: () => "b", sleep: async (ms: number) => void (nowMs += ms) };
  const agent = {
    health: async () => ({ state: "configured", uptimeMs: 1, init: "agent" }),
    waitFor: async ({ port }: { port: number }, patienceMs: number, signal: AbortSignal) => {
      const behaviour = behaviours[port - 1];
      const isBroken = behaviour === "never answers" || (behaviour === "breaks off once" && !brokenOff.has(port));
      brokenOff.add(port);
      if (isBroken) throw new BangerError("unavailable", "guest_stream_reset", "the guest agent broke off /await");
      if (behaviour === "not met") {
        await clock.sleep(patienceMs);
        signal.throwIfAborted();
        return { met: false, why: "nothing listens" };
      }
      return { met: true, why: null };
    },
  } as unknown as Agent;
  const guest = {
    agents: {
      current: async () => agent,
      hold: () => undefined,
      goOn: () => undefined,
      isLost: false,
      mismatch: undefined,
      [Symbol.asyncDispose]: async () => undefined,
    },
  };
  const stage = {
    progress: (done: number, total: number | undefined, _unit: string, waitingFor?: string) =>
      told.push(`${done} of ${total}: ${waitingFor}`),
    note: () => undefined,
  };
  const ready = { record, guest, answeredMs: 1500, write: (list: readonly VmRequirement[]) => void written.push(list) };
  const error = await awaitReady(ready, { clock }, stage, never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { written, told, error, last: written.at(-1) ?? [] };
}

describe("readiness", () => {
  test("tells of how many it waits, and for which", async () => {
    const { told, error } = await run(["met", "breaks off once"]);
    expect(error).toBeUndefined();
    expect(told).toEqual(["2 of 4: port 1, port 2", "3 of 4: port 2"]);
  });

  test("without requirements waits for nothing and tells of nothing", async () => {
    const { told, last, error } = await run([]);
    expect([told, error]).toEqual([[], undefined]);
    expect(last.map(({ name, state, elapsedMs }) => [name, state, elapsedMs])).toEqual([
      ["agent answers", "met", 1500],
      ["guest settled", "met", 1500],
    ]);
  });

  test("a guest that breaks off every attempt is given up at the deadline, at no great cost", async () => {
    const { error, written } = await run(["never answers"], 10_000);
    expect(error).toMatchObject({
      code: "requirement_not_met",
      message: expect.stringContaining("port 1: the guest does not answer, after 10"),
    });
    // The list counts from the start of the VMM, the message from when it was waited for.
    expect(written.at(-1)?.[2]?.elapsedMs).toBeGreaterThanOrEqual(11_500);
    expect(written.length).toBeLessThan(10);
  });

  test("comes to a list that agrees with its outcome, whatever the guest does, and never goes back", async () => {
    const behaviour = fc.constantFrom<Behaviour>("met", "not met", "breaks off once", "never answers");
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { maxLength: 6 }), async (behaviours) => {
        const { error, written, last } = await run(behaviours, 1000);
        expect(last.map(({ name }) => name)).toEqual([
          "agent answers",
          "guest settled",
          ...behaviours.map((_, index) => `port ${index + 1}`),
        ]);
        const isWell = behaviours.every((each) => each === "met" || each === "breaks off once");
        expect(error === undefined).toBe(isWell);
        expect(last.every(({ state }) => state !== "waiting")).toBe(true);
        expect(last.some(({ state }) => state === "failed")).toBe(!isWell);
        for (const [index, list] of written.slice(1).entries())
          for (const [at, { state }] of (written[index] ?? []).entries()) if (state === "met") expect(list[at]?.state).toBe("met");
      }),
    );
  });

  test("what nobody waits for any more is unknown, and the rest stays", () => {
    const met = { name: "a", kind: "tcp", state: "met", elapsedMs: 3, why: null, hint: null } as const;
    expect(giveUp(met)).toEqual(met);
    expect(giveUp({ ...met, state: "waiting" })).toEqual({ ...met, state: "unknown", elapsedMs: null });
  });
});
