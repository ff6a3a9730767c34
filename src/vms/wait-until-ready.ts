/** Stage `guest`: the guest runs, and is waited for until it is ready. What it took is kept with the other stages of the start. */
import type { Steps, VmDependencies } from "./dependencies.ts";
import type { Move } from "./move.ts";
import { awaitReady } from "./readiness.ts";
import type { RunningGuest } from "./running-guest.ts";
import type { VmBoot, VmRecord } from "./vm-record.ts";
import { whileAlive } from "./while-alive.ts";

/** A waiting under way. */
export type Readying = Pick<Move, "done" | "abort">;

/** Whose guest is waited for. */
export interface Waited {
  readonly record: VmRecord;
  readonly guest: RunningGuest | undefined;
  write(change: Pick<VmBoot, "requirements"> | Pick<VmBoot, "stages">): void;
  /** What is to be done when the waiting was aborted. */
  cancel(): Promise<void>;
  /** Called at the end, however it came. */
  over(): void;
}

/** Waits; `done` rejects with the requirement that was not met. */
export function startReadying(vm: Waited, dependencies: VmDependencies, steps: Steps): Readying {
  const abort = new AbortController();
  const signal = AbortSignal.any([steps.signal, abort.signal]);
  const wait = async (): Promise<void> => {
    try {
      if (vm.guest !== undefined) await waitUntilReady(vm, vm.guest, dependencies, { ...steps, signal });
    } catch (error) {
      if (signal.aborted) await vm.cancel();
      throw error;
    } finally {
      vm.over();
    }
  };
  // Not before the caller knows of it.
  const done = Promise.resolve().then(wait);
  done.catch(() => undefined);
  return { done, abort };
}

async function waitUntilReady(vm: Waited, guest: RunningGuest, { system }: VmDependencies, steps: Steps): Promise<void> {
  const { record } = vm;
  const stages = record.boot?.stages ?? [];
  const answeredMs = stages.filter(({ stage }) => stage !== "network").reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  const startedMs = system.clock.monotonicMs();
  const ready = { record, guest, answeredMs, write: (requirements: VmBoot["requirements"]) => vm.write({ requirements }) };
  try {
    await steps.stage("guest", (stage) =>
      whileAlive(guest.vmm, record, system, steps.signal, (signal) => awaitReady(ready, system, stage, signal)),
    );
  } finally {
    const elapsedMs = Math.round((system.clock.monotonicMs() - startedMs) * 10) / 10;
    vm.write({ stages: [...stages, { stage: "guest", elapsedMs }] });
  }
}
