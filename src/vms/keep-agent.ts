/**
 * Keeps a connection to the agent of a running guest: when one ends while the VMM lives, the next is made. Each attempt
 * waits for the guest; a failed one, and a connection that ended soon, is followed by a pause that grows, so that a guest that
 * lies or crashes costs nothing.
 */
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";

const ATTEMPT_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A connection that lasted as long was a good one. */
const GOOD_MS = 5_000;
/** How long a caller waits for a connection that is being made. */
const PATIENCE_MS = 10_000;

export interface AgentKeeper extends AsyncDisposable {
  /** The guest stands still: a connection is kept as it is, and none is made. */
  hold(): void;
  /** It runs again. */
  goOn(): void;
  /** Whether there has been no connection for longer than a guest that does well takes for one. */
  readonly isLost: boolean;
  /** Why there can be none: the agent is of another version of banger, and speaks another protocol. */
  readonly mismatch: BangerError | undefined;
  /**
   * The agent now, or as soon as there is one. Throws `unavailable` `agent_unreachable` after a while, and `unsupported`
   * `agent_protocol_mismatch` as soon as that is known.
   */
  current(signal: AbortSignal): Promise<Agent>;
}

export interface KeptGuest {
  readonly vmm: RunningVmm;
  /** The connection of the boot; undefined when a running VMM was taken over. */
  readonly agent: Agent | undefined;
  readonly vmName: () => string;
  /** Whether it stands still now. */
  readonly isHeld: boolean;
  /** Told each time that a connection has ended or could not be made while the guest runs. */
  readonly onSilence: () => void;
  /** Told of each connection that was made after the boot's: what could not be said before can be said now. */
  readonly onConnected: () => void;
}

export function keepAgent(
  { vmm, agent: first, vmName, isHeld, onSilence, onConnected }: KeptGuest,
  dependencies: VmDependencies,
): AgentKeeper {
  const { system, openAgent } = dependencies;
  const over = new AbortController();
  let agent = first;
  let next = Promise.withResolvers<Agent>();
  if (first !== undefined) next.resolve(first);
  /** Resolves when the guest runs; replaced for each time that it stands still. */
  let runs = Promise.withResolvers<void>();
  /** Aborted when the guest comes to stand still. */
  let held = new AbortController();
  if (isHeld) held.abort();
  else runs.resolve();

  /** Since when there is no connection though the guest runs. */
  let aloneSinceMs = system.clock.monotonicMs();

  let mismatch: BangerError | undefined;
  const refuse = (error: unknown): void => {
    mismatch = error instanceof BangerError && error.code === "agent_protocol_mismatch" ? mismatchOf(vmName(), error) : undefined;
    if (mismatch === undefined) return;
    const told = next;
    next = Promise.withResolvers();
    // Without a caller nobody would handle it.
    told.promise.catch(() => undefined);
    told.reject(mismatch);
  };

  /** Since the last good connection; the first after one is made at once. */
  let failures = 0;
  const pause = async (): Promise<void> => {
    if (failures > 0) await system.clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS), over.signal);
    failures += 1;
  };
  const connect = async (): Promise<Agent> => {
    for (;;) {
      await pause();
      await Promise.race([runs.promise, rejectOn(over.signal)]);
      const signal = AbortSignal.any([over.signal, held.signal]);
      try {
        return await openAgent({ connect: (connectSignal) => vmm.connectAgent(connectSignal), deadlineMs: ATTEMPT_MS, signal });
      } catch (error) {
        over.signal.throwIfAborted();
        if (signal.aborted) failures = 0;
        else {
          system.log.warn("cannot reach the agent of a running guest", { vm: vmName(), error });
          refuse(error);
          onSilence();
        }
      }
    }
  };
  const keep = async (): Promise<void> => {
    for (;;) {
      const isNew = agent === undefined;
      agent ??= await connect();
      if (held.signal.aborted) agent.hold();
      const since = system.clock.monotonicMs();
      mismatch = undefined;
      next.resolve(agent);
      if (isNew) onConnected();
      const why = await agent.closed;
      if (over.signal.aborted) return;
      if (system.clock.monotonicMs() - since >= GOOD_MS) failures = 0;
      system.log.info("the connection to an agent ended", { vm: vmName(), why });
      agent = undefined;
      aloneSinceMs = system.clock.monotonicMs();
      next = Promise.withResolvers<Agent>();
      if (!held.signal.aborted) onSilence();
    }
  };
  void vmm.exited.then(() => over.abort());
  const kept = keep().catch((error: unknown) => {
    if (!over.signal.aborted) system.log.error("gave up on an agent", { vm: vmName(), error });
  });

  return {
    hold: () => {
      if (!held.signal.aborted) runs = Promise.withResolvers();
      held.abort();
      agent?.hold();
    },
    goOn: () => {
      if (held.signal.aborted) held = new AbortController();
      aloneSinceMs = system.clock.monotonicMs();
      runs.resolve();
      agent?.goOn();
    },
    get isLost() {
      return agent === undefined && !held.signal.aborted && system.clock.monotonicMs() - aloneSinceMs > PATIENCE_MS;
    },
    get mismatch() {
      return mismatch;
    },
    current: async (signal) => {
      if (mismatch !== undefined) throw mismatch;
      const patience = AbortSignal.timeout(PATIENCE_MS);
      const limit = AbortSignal.any([signal, patience, over.signal]);
      return await Promise.race([next.promise, rejectOn(limit)]).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof BangerError && error === mismatch) throw error;
        throw new BangerError("unavailable", "agent_unreachable", `the agent of vm ${vmName()} does not answer`, {
          hint: `see what it said last: banger vm logs ${vmName()}; end it: banger vm kill ${vmName()}`,
          cause: error,
        });
      });
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await agent?.[Symbol.asyncDispose]();
      await kept;
    },
  };
}

/** With what to type: which vm it is about is known here. */
function mismatchOf(vm: string, { message, data, kind, code }: BangerError): BangerError {
  return new BangerError(kind, code, `vm ${vm} was started by another version of banger: ${message}`, {
    hint: `banger vm stop ${vm}, which cannot ask it to power off, and banger vm start ${vm}; or use the version that started it`,
    ...(data === undefined ? {} : { data }),
  });
}

function rejectOn(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
