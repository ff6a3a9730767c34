/** A guest that runs, or stands still: its VMM, the connection to its agent, and what has to be released when it ends. */
import type { Agent } from "../agent/agent.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";
import { keepAgent, type AgentKeeper } from "./keep-agent.ts";

/** How long a guest that was asked to power off may take before its agent's answer is given up. */
const POWER_OFF_ANSWER_MS = 5000;
/** An emulated guest that stood still for long has much to do at first. */
const CLOCK_ANSWER_MS = 15_000;

export interface RunningGuestParts {
  /** It may change. */
  readonly vmName: () => string;
  readonly vmm: RunningVmm;
  /** The connection of the boot; undefined when a running VMM was taken over. */
  readonly agent: Agent | undefined;
  /** Whether it is to stand still. */
  readonly isHeld: boolean;
  /** Ends it and removes every trace of this run. */
  readonly release: AsyncDisposableStack;
}

export class RunningGuest {
  readonly vmm: RunningVmm;
  readonly agents: AgentKeeper;
  readonly #vmName: () => string;
  readonly #release: AsyncDisposableStack;
  readonly #system: VmDependencies["system"];

  constructor({ vmName, vmm, agent, isHeld, release }: RunningGuestParts, dependencies: VmDependencies) {
    this.vmm = vmm;
    this.agents = keepAgent({ vmm, agent, vmName, isHeld }, dependencies);
    this.#vmName = vmName;
    this.#release = release;
    this.#system = dependencies.system;
  }

  async standStill(): Promise<void> {
    this.agents.hold();
    try {
      await this.vmm.pause();
    } catch (error) {
      this.agents.goOn();
      throw error;
    }
  }

  async goOn(): Promise<void> {
    await this.vmm.resume();
    this.agents.goOn();
  }

  /** The clock stood still with the guest. How far it was behind, in milliseconds; undefined when the guest does not answer. */
  async setClock(signal: AbortSignal): Promise<number | undefined> {
    try {
      const answerBy = AbortSignal.any([signal, AbortSignal.timeout(CLOCK_ANSWER_MS)]);
      const agent = await this.agents.current(answerBy);
      const { clockBehindMs } = await agent.amend({ time: { unixMs: this.#system.clock.nowMs() } }, answerBy);
      return clockBehindMs ?? undefined;
    } catch (error) {
      this.#system.log.warn("cannot set the clock of a guest that stood still", { vm: this.#vmName(), error });
      return undefined;
    }
  }

  /**
   * Asks the guest to power off, and waits for its end until the grace is over. Not to be cancelled: a guest that was asked
   * to go down goes, and would be cut off in the middle.
   */
  async powerOff(graceMs: number): Promise<void> {
    const { clock, log } = this.#system;
    const over = new AbortController();
    const ask = async (): Promise<void> => {
      const answerBy = AbortSignal.any([over.signal, AbortSignal.timeout(Math.min(graceMs, POWER_OFF_ANSWER_MS))]);
      const agent = await this.agents.current(answerBy);
      await agent.powerOff(answerBy);
    };
    ask().catch((error: unknown) => log.info("a guest does not answer to being asked to power off", { vm: this.#vmName(), error }));
    await Promise.race([this.vmm.exited, clock.sleep(graceMs, over.signal).catch(() => undefined)]);
    over.abort();
  }

  /** Ends whatever of this run is still there. */
  async end(): Promise<void> {
    await this.agents[Symbol.asyncDispose]();
    await this.#release.disposeAsync();
  }

  /** Leaves it running and forgets it. */
  async letGo(): Promise<void> {
    await this.agents[Symbol.asyncDispose]();
    await this.vmm.letGo();
  }
}
