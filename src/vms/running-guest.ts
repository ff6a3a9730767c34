/** A guest that runs, or stands still: its VMM, the connection to its agent, and what has to be released when it ends. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Agent, Offer, Peer } from "../agent/agent.ts";
import type { Forward } from "../contract/schemas/forward.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmPorts } from "../ports/ports.ts";
import type { VmDependencies } from "./dependencies.ts";
import { willHaveHalted } from "./has-halted.ts";
import { keepAgent, type AgentKeeper } from "./keep-agent.ts";
import { powerOff } from "./power-off.ts";
import type { VmBoot } from "./vm-record.ts";
import { consoleUnreachable, notRunning } from "./refusals.ts";
import { watchRun, type RunWatch } from "./watch-run.ts";

/** An emulated guest that stood still for long has much to do at first. */
const CLOCK_ANSWER_MS = 15_000;

export interface RunningGuestParts {
  /** It may change. */
  readonly vmName: () => string;
  readonly vmm: RunningVmm;
  /** The connection of the boot; undefined when a running VMM was taken over. */
  readonly agent: Agent | undefined;
  /** Whom it knows by name; undefined when that is not known. */
  readonly peers: readonly Peer[] | undefined;
  readonly networkMode: VmBoot["networkMode"];
  /** Whether it is to stand still. */
  readonly isPaused: boolean;
  /** Ports of it that are reached at this computer. */
  readonly forwards: readonly Forward[];
  /** Told when its kernel has halted, which ends no VMM. */
  readonly onHalted: () => void;
  /** Told when its agent can be asked again, or for the first time by this daemon. */
  readonly onConnected: () => void;
  /** Ends it and removes every trace of this run. */
  readonly release: AsyncDisposableStack;
}

export class RunningGuest {
  readonly vmm: RunningVmm;
  readonly agents: AgentKeeper;
  readonly ports: VmPorts;
  /** Whom it knows by name; undefined when that is not known. */
  peers: readonly Peer[] | undefined;
  readonly #watch: RunWatch;
  #isPaused: boolean;
  /** For the word of a kernel that has halted, since the guest fell silent. */
  #looking = new AbortController();
  readonly #vmName: () => string;
  readonly #release: AsyncDisposableStack;
  readonly #system: VmDependencies["system"];

  constructor(
    { vmName, vmm, agent, peers, networkMode, isPaused, forwards, onHalted, onConnected, release }: RunningGuestParts,
    dependencies: VmDependencies,
  ) {
    this.vmm = vmm;
    this.peers = peers;
    const onSilence = (): void => void this.#lookWhetherHalted(onHalted);
    this.agents = keepAgent({ vmm, agent, vmName, isHeld: isPaused, onSilence, onConnected }, dependencies);
    this.#isPaused = isPaused;
    this.#watch = watchRun(
      { vmm, networkMode, vmName, isPaused: () => this.#isPaused, onHeld: (isHeld) => this.#whenHeld(isHeld) },
      dependencies,
    );
    const awake = (signal: AbortSignal): Promise<Agent> => {
      this.requireAwake();
      // Nobody is to wait for somebody who may go on at any time.
      if (this.#isPaused) throw notRunning({ name: vmName(), state: "paused" });
      return this.agents.current(signal);
    };
    this.ports = dependencies.ports.open(
      {
        vmName,
        dial: async (port, signal) => (await awake(signal)).dial(port, signal),
        dialDatagrams: async (port, signal) => (await awake(signal)).dialDatagrams(port, signal),
        accept: async (port, signal) => {
          const agent = await awake(signal);
          return takersOf(agent, await agent.listen(port, signal), signal);
        },
      },
      forwards,
    );
    this.#vmName = vmName;
    this.#release = release;
    this.#system = dependencies.system;
  }

  /** What is wrong with it while it runs, for people. */
  get problems(): readonly string[] {
    const { mismatch, isLost } = this.agents;
    const known = [...this.#watch.problems, ...this.ports.problems];
    if (mismatch !== undefined) return [...known, mismatch.message];
    return [...known, ...(isLost ? [`its agent does not answer: banger vm kill ${this.#vmName()} ends it`] : [])];
  }

  /** Throws `unavailable` `vm_held` when it cannot answer. */
  requireAwake(): void {
    this.#watch.requireAwake();
  }

  /** Throws `unavailable` `console_unreachable`. */
  async connectConsole(signal: AbortSignal): Promise<Socket> {
    try {
      return await this.vmm.connectConsole(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw consoleUnreachable(this.#vmName(), this.problems[0], error);
    }
  }

  async standStill(): Promise<void> {
    this.agents.hold();
    this.#isPaused = true;
    try {
      await this.vmm.pause();
    } catch (error) {
      this.#isPaused = false;
      this.#speakAgain();
      throw error;
    }
  }

  /** One that the host's disk holds stands still until there is room. */
  async goOn(): Promise<void> {
    await this.vmm.resume();
    this.#isPaused = false;
    this.#speakAgain();
  }

  /** The clock stood still with the guest. How far it was behind, in milliseconds; undefined when the guest does not answer. */
  async setClock(signal: AbortSignal): Promise<number | undefined> {
    // It is set when there is room.
    if (this.#watch.isHeld) return undefined;
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

  /** Makes a guest that was taken over stand still or go on. */
  async standAs(isStill: boolean): Promise<void> {
    if ((await this.vmm.isPaused()) === isStill) return;
    if (isStill) return this.standStill();
    await this.goOn();
    // Not waited for: the daemon that starts has more to do, and the guest may take a while to answer.
    void this.setClock(new AbortController().signal);
  }

  /** Asks the guest to power off, and waits for its end until the grace is over. One that stands still cannot, and goes on first. */
  async powerOff(graceMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isPaused) {
      await this.goOn().catch((error: unknown) => this.#system.log.warn("cannot resume a guest to stop it", { vm: this.#vmName(), error }));
    }
    await powerOff({ name: this.#vmName(), vmm: this.vmm, agents: this.agents }, graceMs, this.#system, signal);
  }

  /** Ends whatever of this run is still there. */
  async end(): Promise<void> {
    this.#looking.abort();
    await this.ports[Symbol.asyncDispose]();
    await this.#watch[Symbol.asyncDispose]();
    await this.agents[Symbol.asyncDispose]();
    await this.#release.disposeAsync();
  }

  /** Leaves it running and forgets it. */
  async letGo(): Promise<void> {
    this.#looking.abort();
    await this.ports[Symbol.asyncDispose]();
    await this.#watch[Symbol.asyncDispose]();
    await this.agents[Symbol.asyncDispose]();
    await this.vmm.letGo();
  }

  async #lookWhetherHalted(onHalted: () => void): Promise<void> {
    this.#looking.abort();
    const looking = (this.#looking = new AbortController());
    try {
      if (await willHaveHalted(this.vmm.record.vmId, this.#system, looking.signal)) onHalted();
    } catch (error) {
      if (looking.signal.aborted) return;
      this.#system.log.warn("cannot look at the console of a guest that is silent", { vm: this.#vmName(), error });
    }
  }

  #speakAgain(): void {
    if (!this.#isPaused && !this.#watch.isHeld) this.agents.goOn();
  }

  #whenHeld(isHeld: boolean): void {
    if (isHeld) return this.agents.hold();
    this.#speakAgain();
    // Not waited for: the guest may take a while to answer.
    void this.setClock(new AbortController().signal);
  }
}

/** Each offer as what takes it. */
async function* takersOf(agent: Agent, offers: AsyncIterable<Offer>, signal: AbortSignal): AsyncGenerator<() => Promise<Duplex>> {
  for await (const { id } of offers) yield () => agent.takeOffer(id, signal);
}
