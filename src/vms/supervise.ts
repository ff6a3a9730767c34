/**
 * One supervisor per vm owns its life in this daemon: it holds the VMM and the agent while the guest runs, carries out commands
 * by the table in `state.ts`, and writes down what happens by itself. The row is written before anything is told.
 *
 * A command and its state change happen in one go, without waiting in between, so two callers cannot both move a vm. What
 * takes time is kept as `#moving`; who asks for the same joins it.
 */
import type { Socket } from "node:net";
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm, VmmExit } from "../drivers/drivers.ts";
import { bootVm, type BootParts } from "./boot.ts";
import { makeQuietSteps, type Steps, type VmDependencies } from "./dependencies.ts";
import { keepAgent, type AgentKeeper } from "./keep-agent.ts";
import { decide, settle, type Command, type VmEvent } from "./state.ts";
import type { VmBoot, VmRecord } from "./vm-record.ts";

/** What runs now. */
interface Running {
  readonly vmm: RunningVmm;
  readonly agents: AgentKeeper;
  readonly release: AsyncDisposableStack;
}

interface Move {
  readonly command: Command;
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

/** How long a guest that was asked to power off may take before its agent's answer is given up. */
const POWER_OFF_ANSWER_MS = 5000;

export class Supervisor {
  readonly #dependencies: VmDependencies;
  readonly #onGone: () => void;
  #record: VmRecord;
  #running: Running | undefined;
  #moving: Move | undefined;
  #moved = Promise.withResolvers<void>();
  #isGone = false;

  /** @param onGone called when the row is deleted. */
  constructor(record: VmRecord, dependencies: VmDependencies, onGone: () => void) {
    this.#record = record;
    this.#dependencies = dependencies;
    this.#onGone = onGone;
  }

  get id(): string {
    return this.#record.id;
  }

  get record(): VmRecord {
    return this.#record;
  }

  /** Resolves at the next change of the record. */
  get moved(): Promise<void> {
    return this.#moved.promise;
  }

  /** Why its logs do not grow any more: its state, or `deleted`; undefined while they may. */
  get ended(): string | undefined {
    if (this.#isGone) return "deleted";
    const { state } = this.#record;
    return state === "starting" || state === "running" || state === "paused" || state === "stopping" ? undefined : state;
  }

  /** The disks are made: `preparing` becomes `stopped`. */
  prepared(): void {
    this.#settle("prepared");
  }

  async start(parts: () => Promise<BootParts>, steps: Steps): Promise<void> {
    await this.#command("start", steps.signal, async (signal) => {
      try {
        const booted = await bootVm(this.#record, await parts(), this.#dependencies, { ...steps, signal }, (boot) => this.#write({ boot }));
        this.#adopt(booted.vmm, booted.agent, booted.release);
        this.#settle("booted", { boot: booted.boot });
      } catch (error) {
        // A stop that came in between owns the state from here on. Who cancels a start finds the vm as it was before.
        if (this.#record.state === "starting") {
          if (signal.aborted) this.#settle("halted", { problem: null, boot: this.#bootWithoutVmm() });
          else this.#settle("failed", { problem: messageOf(error), boot: this.#bootWithoutVmm() });
        }
        throw error;
      }
    });
  }

  /** Asks the guest to power off, and forces after `graceMs`; 0 forces at once. */
  async stop(graceMs: number, steps: Steps): Promise<void> {
    const starting = this.#moving?.command === "start" ? this.#moving : undefined;
    // Who asks to force does not wait for who asked politely.
    if (graceMs === 0 && this.#record.state === "stopping") await this.#running?.vmm.kill();
    await this.#command(graceMs === 0 ? "kill" : "stop", steps.signal, async () => {
      starting?.abort.abort(new BangerError("cancelled", "stopped_while_starting", `vm ${this.#record.name} was stopped while it started`));
      await starting?.done.catch(() => undefined);
      if (this.#running !== undefined && graceMs > 0) await steps.stage("power off", () => this.#powerOff(graceMs));
      await steps.stage("halt", () => this.#halt());
      this.#settle("halted", { problem: null, boot: this.#bootWithoutVmm() });
    });
    await this.deleteIfEphemeral(steps);
  }

  /** Unmakes an ephemeral vm that has stopped; waits when somebody does so already. */
  async deleteIfEphemeral(steps: Steps): Promise<void> {
    const { plan, state } = this.#record;
    if (plan.ephemeral && (state === "stopped" || state === "deleting")) await this.delete(steps);
  }

  /** Unmakes the vm; the row goes last. */
  async delete(steps: Steps): Promise<void> {
    await this.#command("delete", steps.signal, () => this.#unmake());
  }

  /** The agent of the running guest; waits a little while the connection is being made again. */
  async agent(signal: AbortSignal): Promise<Agent> {
    if (this.#running === undefined || this.#record.state !== "running") throw this.#notRunning();
    return this.#running.agents.current(signal);
  }

  /** A connection to the serial port of the running guest. */
  async connectConsole(signal: AbortSignal): Promise<Socket> {
    if (this.#running === undefined) throw this.#notRunning();
    return this.#running.vmm.connectConsole(signal);
  }

  /** Takes over a VMM that an earlier daemon started. */
  takeOver(vmm: RunningVmm, release: AsyncDisposableStack): void {
    this.#adopt(vmm, undefined, release);
  }

  /** What was found at the start of the daemon: the guest is gone. */
  foundGone(problem: string | null): void {
    this.#settle(problem === null ? "halted" : "failed", { problem, boot: this.#bootWithoutVmm() });
  }

  /** Finishes a deletion that a daemon's death cut off. */
  async finishDelete(): Promise<void> {
    await this.#unmake();
  }

  /** Resolves when no command is under way. */
  async idle(): Promise<void> {
    while (this.#moving !== undefined) await this.#moving.done.catch(() => undefined);
  }

  /** Who prepared the vm unmakes it. */
  forget(): void {
    this.#isGone = true;
    this.#onGone();
    this.#tellMoved();
  }

  /** Leaves the guest running and forgets it. */
  async letGo(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.agents[Symbol.asyncDispose]();
    await running?.vmm.letGo();
  }

  async #command(command: Command, signal: AbortSignal, body: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const decision = decide(this.#record.state, command);
    if (decision.kind === "refuse") throw this.#refusal(command, decision);
    if (decision.kind === "join") {
      await this.#moving?.done;
      return;
    }
    const abort = new AbortController();
    this.#write({ state: decision.to });
    const done = body(AbortSignal.any([signal, abort.signal]));
    const moving: Move = { command, done, abort };
    this.#moving = moving;
    try {
      await done;
    } finally {
      if (this.#moving === moving) this.#moving = undefined;
    }
  }

  #notRunning(): BangerError {
    const { name, state } = this.#record;
    return new BangerError("refused", "vm_not_running", `vm ${name} is not running: it is ${state}`, {
      hint: state === "paused" ? `banger vm resume ${name}` : `banger vm start ${name}`,
    });
  }

  #refusal(command: Command, { why, instead }: { readonly why: string; readonly instead?: string }): BangerError {
    const { name } = this.#record;
    return new BangerError("refused", `vm_cannot_${command}`, `cannot ${command} vm ${name}: it ${why}`, {
      ...(instead === undefined ? {} : { hint: `banger vm ${instead} ${name}` }),
    });
  }

  #adopt(vmm: RunningVmm, agent: Agent | undefined, release: AsyncDisposableStack): void {
    const running: Running = { vmm, release, agents: keepAgent(vmm, agent, this.#record.name, this.#dependencies) };
    this.#running = running;
    void vmm.exited.then((exit) => this.#exitedByItself(running, exit));
  }

  /** The guest ended without being asked to. */
  async #exitedByItself(running: Running, exit: VmmExit): Promise<void> {
    if (this.#running !== running || (this.#record.state !== "running" && this.#record.state !== "paused")) return;
    try {
      await this.#halt();
      if (exit.reason === "guest-power-off") this.#settle("halted", { boot: this.#bootWithoutVmm() });
      else this.#settle("failed", { problem: describeExit(exit), boot: this.#bootWithoutVmm() });
      await this.deleteIfEphemeral(makeQuietSteps(new AbortController().signal));
    } catch (error) {
      this.#dependencies.system.log.error("cannot clear up after a guest that ended", { vm: this.#record.name, error });
    }
  }

  /** Not to be cancelled: a guest that was asked to go down goes, and would be cut off in the middle. */
  async #powerOff(graceMs: number): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { clock, log } = this.#dependencies.system;
    const over = new AbortController();
    const ask = async (): Promise<void> => {
      const answerBy = AbortSignal.any([over.signal, AbortSignal.timeout(Math.min(graceMs, POWER_OFF_ANSWER_MS))]);
      const agent = await running.agents.current(answerBy);
      await agent.powerOff(answerBy);
    };
    ask().catch((error: unknown) => log.info("a guest does not answer to being asked to power off", { vm: this.#record.name, error }));
    await Promise.race([running.vmm.exited, clock.sleep(graceMs, over.signal).catch(() => undefined)]);
    over.abort();
  }

  /** Ends whatever of this run is still there. */
  async #halt(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    await running.agents[Symbol.asyncDispose]();
    await running.release.disposeAsync();
    this.#running = undefined;
  }

  async #unmake(): Promise<void> {
    const { system, leases, rows, network } = this.#dependencies;
    const folder = system.layout.vmFolder(this.#record.id);
    await network.removeLink(this.#record.id);
    await system.files.removeTree(system.layout.vmRunFolder(this.#record.id));
    await system.files.removeTree(folder);
    leases.dropAllOf(this.#record.id);
    rows.remove(this.#record.id);
    this.forget();
  }

  #bootWithoutVmm(): VmBoot | null {
    return this.#record.boot === null ? null : { ...this.#record.boot, vmm: null };
  }

  #settle(event: VmEvent, change: { readonly problem?: string | null; readonly boot?: VmBoot | null } = {}): void {
    const state = settle(this.#record.state, event);
    if (state === undefined) throw new Error(`vm ${this.#record.name}: ${event} cannot happen in state ${this.#record.state}`);
    this.#write({ state, ...(event === "booted" ? { problem: null } : {}), ...change });
  }

  #write(change: Partial<Pick<VmRecord, "state" | "problem" | "boot">>): void {
    this.#record = this.#dependencies.rows.update(this.#record.id, change);
    this.#tellMoved();
  }

  #tellMoved(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }
}

function describeExit(exit: VmmExit): string {
  switch (exit.reason) {
    case "guest-power-off":
      return "the guest powered itself off";
    case "guest-reset":
      return `the guest reset itself: ${exit.detail}`;
    case "guest-panic":
      return `the guest's kernel panicked: ${exit.detail}`;
    case "killed":
      return "its VMM was killed by somebody else";
    case "crashed":
      return `its VMM ended: ${exit.detail}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
