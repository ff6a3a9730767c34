/**
 * Keeps a connection to the agent of a running guest: when one ends while the VMM lives, the next is made. Each attempt
 * waits for the guest; a failed one is followed by a pause that grows, so that a guest that lies or crashes costs nothing.
 */
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";

const ATTEMPT_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A guest that greets well and then hangs up could otherwise have us call again without end. */
const SHORT_SESSION_MS = 10_000;
const LONGEST_PAUSE_AFTER_SHORT_MS = 1000;
/** How long a caller waits for a connection that is being made. */
const PATIENCE_MS = 10_000;

export interface AgentKeeper extends AsyncDisposable {
  /** The agent now, or as soon as there is one. Throws `unavailable` `agent_unreachable` after a while. */
  current(signal: AbortSignal): Promise<Agent>;
}

/** @param first the connection of the boot; undefined when a running VMM was taken over. */
export function keepAgent(vmm: RunningVmm, first: Agent | undefined, vmName: string, dependencies: VmDependencies): AgentKeeper {
  const { system, openAgent } = dependencies;
  const over = new AbortController();
  let agent = first;
  let next = Promise.withResolvers<Agent>();
  if (first !== undefined) next.resolve(first);

  const connect = async (): Promise<Agent> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      over.signal.throwIfAborted();
      try {
        return await openAgent({ connect: (signal) => vmm.connectAgent(signal), deadlineMs: ATTEMPT_MS, signal: over.signal });
      } catch (error) {
        over.signal.throwIfAborted();
        system.log.warn("cannot reach the agent of a running guest", { vm: vmName, error });
        await system.clock.sleep(pauseMs, over.signal);
      }
    }
  };
  const keep = async (): Promise<void> => {
    for (let pauseMs = FIRST_PAUSE_MS; ;) {
      agent ??= await connect();
      next.resolve(agent);
      const begunMs = system.clock.monotonicMs();
      const why = await agent.closed;
      if (over.signal.aborted) return;
      system.log.info("the connection to an agent ended", { vm: vmName, why });
      agent = undefined;
      next = Promise.withResolvers<Agent>();
      const wasShort = system.clock.monotonicMs() - begunMs < SHORT_SESSION_MS;
      if (wasShort) await system.clock.sleep(pauseMs, over.signal);
      pauseMs = wasShort ? Math.min(pauseMs * 2, LONGEST_PAUSE_AFTER_SHORT_MS) : FIRST_PAUSE_MS;
    }
  };
  void vmm.exited.then(() => over.abort());
  const kept = keep().catch((error: unknown) => {
    if (!over.signal.aborted) system.log.error("gave up on an agent", { vm: vmName, error });
  });

  return {
    current: async (signal) => {
      const patience = AbortSignal.timeout(PATIENCE_MS);
      const limit = AbortSignal.any([signal, patience, over.signal]);
      return await Promise.race([next.promise, rejectOn(limit)]).catch((error: unknown) => {
        signal.throwIfAborted();
        throw new BangerError("unavailable", "agent_unreachable", `the agent of vm ${vmName} does not answer`, {
          hint: `banger vm logs ${vmName}`,
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

function rejectOn(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
