import type { RunningVmm, VmmExit, VmmRecord } from "../drivers/drivers.ts";

export interface TestVmm extends RunningVmm {
  readonly wasKilled: boolean;
  readonly wasLetGo: boolean;
  /** Whether it was made to stand still, as its vm wanted it. */
  readonly isStill: boolean;
  /** A write of the guest found the host's disk full. */
  hold(): void;
  /** It ends by itself. */
  end(exit: VmmExit): void;
}

/** What a VMM has around it. */
export interface TestVmmWorld {
  readonly alive: ReadonlySet<number>;
  readonly end: (pid: number) => void;
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
}

export function makeTestVmm(record: VmmRecord, { alive, end, pause, resume }: TestVmmWorld): TestVmm {
  const { promise: exited, resolve } = Promise.withResolvers<VmmExit>();
  const state = { wasKilled: false, wasLetGo: false, isStill: false };
  let held = Promise.withResolvers<void>();
  let isHeld = false;
  return {
    record,
    exited,
    connectAgent: () => Promise.reject(new Error("the agent is faked")),
    connectConsole: () => Promise.reject(new Error("there is no console")),
    growDisk: () => Promise.reject(new Error("its disks do not grow")),
    kill: async () => {
      if (!alive.has(record.identity.pid)) return;
      state.wasKilled = true;
      end(record.identity.pid);
      resolve({ reason: "killed" });
    },
    pause: async () => {
      await pause();
      state.isStill = true;
    },
    isPaused: async () => state.isStill,
    resume: async () => {
      await resume();
      state.isStill = false;
      if (isHeld) held = Promise.withResolvers();
      isHeld = false;
    },
    hold: () => {
      isHeld = true;
      held.resolve();
    },
    watchHeld: (signal) => orAborted(held.promise, signal),
    letGo: async () => void (state.wasLetGo = true),
    end: (exit) => {
      end(record.identity.pid);
      resolve(exit);
    },
    get wasKilled() {
      return state.wasKilled;
    },
    get wasLetGo() {
      return state.wasLetGo;
    },
    get isStill() {
      return state.isStill;
    },
    async [Symbol.asyncDispose]() {
      await this.kill();
    },
  };
}

/** As the promise, unless the signal aborts first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([promise, new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);
}
