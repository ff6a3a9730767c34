import { BangerError } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { AgentKeeper } from "./keep-agent.ts";

/** How long a guest that was asked to power off may take before its agent's answer is given up. */
const ANSWER_MS = 5000;

interface Guest {
  readonly name: string;
  readonly vmm: RunningVmm;
  readonly agents: AgentKeeper;
}

/**
 * Asks a guest to power off, and waits until its VMM is gone or the grace is over. Not to be cancelled by a user: a guest that was
 * asked to go down goes, and would be cut off in the middle. Only a daemon that ends does not wait: the next one does.
 */
export async function powerOff(
  guest: Guest,
  graceMs: number,
  { clock, log }: VmDependencies["system"],
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const ask = async (): Promise<void> => {
    const answerBy = AbortSignal.any([over.signal, AbortSignal.timeout(Math.min(graceMs, ANSWER_MS))]);
    const agent = await guest.agents.current(answerBy);
    await agent.powerOff(answerBy);
  };
  const asked = ask().catch((error: unknown) => {
    log.info("a guest does not answer to being asked to power off", { vm: guest.name, error });
    // Nobody will ever have asked it.
    if (error instanceof BangerError && error.code === "agent_protocol_mismatch") over.abort();
  });
  const left = Promise.withResolvers<never>();
  const leaveIfStopping = (): void => {
    const { reason } = signal as { reason: unknown };
    if (reason instanceof BangerError && reason.code === "daemon_stopping") void asked.then(() => left.reject(reason));
  };
  signal.addEventListener("abort", leaveIfStopping);
  if (signal.aborted) leaveIfStopping();
  try {
    await Promise.race([guest.vmm.exited, clock.sleep(graceMs, over.signal).catch(() => undefined), left.promise]);
  } finally {
    signal.removeEventListener("abort", leaveIfStopping);
    over.abort();
  }
}
