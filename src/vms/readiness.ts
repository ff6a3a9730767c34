/**
 * Readiness as a list: the agent answers, the guest has settled, and what image and user declared, each waited for in the guest and
 * each with a deadline of its own. The first that is not met ends the waiting; the vm runs on, for somebody to look at it.
 */
import { BangerError } from "../contract/errors.ts";
import { nameOfInit } from "../contract/schemas/init.ts";
import { probeOf, type Requirement } from "../contract/schemas/requirement.ts";
import type { StageContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { RunningGuest } from "./running-guest.ts";
import type { VmRecord, VmRequirement } from "./vm-record.ts";
import { LOST } from "./while-alive.ts";

/** A guest that was just booted. */
export interface ReadyGuest {
  readonly record: VmRecord;
  readonly guest: Pick<RunningGuest, "agents">;
  /** From the start of the VMM to the answer of the agent. */
  readonly answeredMs: number;
  /** Stores how it stands; called for each change. */
  write(requirements: readonly VmRequirement[]): void;
}

/** How much later than it should the guest may answer. */
const GRACE_MS = 10_000;
/** Between attempts, so that a guest that breaks off each one costs nothing. */
const PAUSE_MS = 250;

/** Throws `timeout` `requirement_not_met` for the first that is not met. */
export async function awaitReady(
  ready: ReadyGuest,
  { clock }: Pick<System, "clock">,
  stage: StageContext,
  signal: AbortSignal,
): Promise<void> {
  const { record, guest, answeredMs } = ready;
  const wanted = record.plan.requirements;
  const list = startList(wanted, answeredMs);
  const sinceMs = clock.monotonicMs();
  const waitedMs = (): number => clock.monotonicMs() - sinceMs;
  const tell = (at: number, change: Partial<VmRequirement>): void => {
    const old = list[at];
    if (old === undefined) throw new Error(`there is no requirement ${at}`);
    list[at] = { ...old, elapsedMs: Math.round(answeredMs + waitedMs()), ...change };
    ready.write([...list]);
    const waiting = list.filter(({ state }) => state === "waiting").map(({ name }) => name);
    if (wanted.length > 0 && waiting.length > 0) stage.progress(list.length - waiting.length, list.length, "items", waiting.join(", "));
  };

  const agent = await guest.agents.current(signal);
  const health = await agent.health(signal);
  stage.note(health.state === "handed-over" ? `${nameOfInit(health.init)} goes on by itself` : "ready");
  tell(SETTLED, { state: "met" });
  if (wanted.length === 0) return;

  const over = new AbortController();
  const all = wanted.map(async (requirement, index) => {
    const at = index + BUILT_IN;
    const { met, why } = await waitFor(requirement, guest, clock, AbortSignal.any([signal, over.signal]));
    tell(at, { state: met ? "met" : "failed", why });
    if (!met) throw notMet(record, requirement, waitedMs(), list);
  });
  try {
    await Promise.all(all);
  } catch (error) {
    over.abort();
    await Promise.allSettled(all);
    ready.write(list.map(giveUp));
    throw error;
  }
  stage.note(`${list.length} of ${list.length} requirements are met`);
}

/** What is still waited for when nobody waits any more. */
export function giveUp(requirement: VmRequirement): VmRequirement {
  return requirement.state === "waiting" ? { ...requirement, state: "unknown", elapsedMs: null } : requirement;
}

const SETTLED = 1;
const BUILT_IN = 2;

function startList(wanted: readonly Requirement[], answeredMs: number): VmRequirement[] {
  const waiting = { state: "waiting", elapsedMs: null, why: null, hint: null } as const;
  return [
    { ...waiting, name: "agent answers", kind: "agent", state: "met", elapsedMs: Math.round(answeredMs) },
    { ...waiting, name: "guest settled", kind: "guest" },
    ...wanted.map(({ name, kind, hint }) => ({ ...waiting, name, kind, hint })),
  ];
}

async function waitFor(
  requirement: Requirement,
  guest: Pick<RunningGuest, "agents">,
  clock: System["clock"],
  signal: AbortSignal,
): Promise<{ readonly met: boolean; readonly why: string | null }> {
  const deadlineMs = clock.monotonicMs() + requirement.deadlineMs;
  for (;;) {
    const leftMs = Math.max(0, Math.round(deadlineMs - clock.monotonicMs()));
    const late = AbortSignal.timeout(leftMs + GRACE_MS);
    try {
      const agent = await guest.agents.current(AbortSignal.any([signal, late]));
      return await agent.waitFor(probeOf(requirement), leftMs, AbortSignal.any([signal, late]));
    } catch (error) {
      signal.throwIfAborted();
      // Its keeper finds it again.
      const isLost = error instanceof BangerError && LOST.has(error.code);
      if (late.aborted || (isLost && leftMs === 0)) return { met: false, why: "the guest does not answer" };
      if (!isLost) throw error;
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}

/** `waitedMs` is what the user's deadline counts: from the answer of the agent on. */
function notMet({ id, name }: VmRecord, requirement: Requirement, waitedMs: number, list: readonly VmRequirement[]): BangerError {
  const found = list.find((each) => each.name === requirement.name);
  const after = `${(waitedMs / 1000).toFixed(1)} s`;
  const message = `vm ${name} runs, but is not ready: ${requirement.name}: ${found?.why ?? "not so"}, after ${after}`;
  return new BangerError("timeout", "requirement_not_met", message, {
    hint: requirement.hint ?? `banger shell ${name} to look, banger vm show ${name} for all requirements`,
    data: { vm: id, requirements: [...list] },
  });
}
