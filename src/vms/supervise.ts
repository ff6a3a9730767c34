/**
 * One supervisor per vm owns its life in this daemon: it holds the VMM and the agent while the guest runs, carries out commands
 * by the table in `state.ts`, and writes down what happens by itself. The row is written before anything is told.
 *
 * A command and its state change happen in one go, without waiting in between, so two callers cannot both move a vm. What
 * takes time is kept as `#moving`; who asks for the same joins it. What nobody asked for, an end by itself or putting things in
 * order, is a move too: commands wait for it and decide then.
 *
 * A move that fails half way leaves its state: `stopping` is not `stopped` while a VMM may be alive. The same command takes it up
 * again, and so does reconciling, which is asked for at once.
 */
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm, VmmExit } from "../drivers/drivers.ts";
import { bootVm, type BootParts } from "./boot.ts";
import { makeQuietSteps, type Steps, type VmDependencies } from "./dependencies.ts";
import { describeExit } from "./describe-exit.ts";
import { endLeftVmm } from "./end-left-vmm.ts";
import { keepAgent, type AgentKeeper } from "./keep-agent.ts";
import { powerOff } from "./power-off.ts";
import { decide, isBetween, settle, type Command, type VmEvent } from "./state.ts";
import type { VmBoot, VmRecord } from "./vm-record.ts";

/** What runs now. */
interface Running {
  readonly vmm: RunningVmm;
  readonly agents: AgentKeeper;
  readonly release: AsyncDisposableStack;
}

interface Move {
  /** Undefined for what nobody asked for. */
  readonly command: Command | undefined;
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

export class Supervisor {
  readonly #dependencies: VmDependencies;
  readonly #onGone: () => void;
  #record: VmRecord;
  #running: Running | undefined;
  #moving: Move | undefined;
  #isSaved = true;

  /** @param onGone called when the row is deleted. */
  constructor(record: VmRecord, dependencies: VmDependencies, onGone: () => void) {
    this.#record = record;
    this.#dependencies = dependencies;
    this.#onGone = onGone;
  }

  get record(): VmRecord {
    return this.#record;
  }

  /** Whether a VMM is held. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Does this while nothing is under way, and has commands wait for it. False, and nothing is done, when something is. */
  async whileIdle(body: () => Promise<void>): Promise<boolean> {
    if (this.#moving !== undefined) return false;
    await this.#move(undefined, new AbortController().signal, body);
    return true;
  }

  /** The disks are made: `preparing` becomes `stopped`. */
  prepared(): void {
    this.#settle("prepared");
  }

  async start(parts: () => Promise<BootParts>, steps: Steps): Promise<void> {
    await this.#command("start", steps.signal, async (signal) => {
      try {
        await endLeftVmm(this.#record, this.#dependencies);
        const booted = await bootVm(this.#record, await parts(), this.#dependencies, { ...steps, signal }, (boot) => this.#write({ boot }));
        await using undo = booted.release;
        this.#settle("booted", { boot: booted.boot });
        this.#adopt(booted.vmm, booted.agent, undo.move());
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
    // Who asks to force does not wait for who asked politely.
    if (graceMs === 0 && this.#record.state === "stopping") await this.#running?.vmm.kill();
    await this.#command(graceMs === 0 ? "kill" : "stop", steps.signal, async (_signal, before) => {
      if (before?.command === "start") {
        before.abort.abort(new BangerError("cancelled", "stopped_while_starting", `vm ${this.#record.name} was stopped while it started`));
        await before.done.catch(() => undefined);
      }
      const running = this.#running;
      if (running !== undefined && graceMs > 0) {
        await steps.stage("power off", () => powerOff({ ...running, name: this.#record.name }, graceMs, this.#dependencies, steps.signal));
      }
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
    if (this.#running === undefined || this.#record.state !== "running") {
      const { name, state } = this.#record;
      throw new BangerError("refused", "vm_not_running", `vm ${name} is not running: it is ${state}`, {
        hint: state === "paused" ? `banger vm resume ${name}` : `banger vm start ${name}`,
      });
    }
    return this.#running.agents.current(signal);
  }

  /** Takes over a VMM from an earlier daemon. */
  takeOver(vmm: RunningVmm, release: AsyncDisposableStack): void {
    this.#adopt(vmm, undefined, release);
  }

  /** What was found: the guest is gone. */
  foundGone(problem: string | null): void {
    this.#settle(problem === null ? "halted" : "failed", { problem, boot: this.#bootWithoutVmm() });
  }

  /** What was found: the guest is there and cannot be reached. Its VMM stays as it is until somebody stops it. */
  foundLost(problem: string): void {
    this.#settle("failed", { problem });
  }

  /** Finishes a deletion, or undoes a creation, that was cut off. */
  finishDelete(): Promise<void> {
    return this.#unmake();
  }

  /** Unmakes a vm whose creation failed. What cannot be unmade now stays `deleting`, and is unmade later. */
  async abandon(): Promise<void> {
    await this.idle();
    await this.#move(undefined, new AbortController().signal, async () => {
      this.#write({ state: "deleting" });
      await this.#unmake();
    });
  }

  /** Writes the row once more when it could not be written. */
  save(): void {
    if (this.#isSaved) return;
    this.#dependencies.rows.put(this.#record);
    this.#isSaved = true;
  }

  /** Resolves when no command is under way. */
  async idle(): Promise<void> {
    while (this.#moving !== undefined) await this.#moving.done.catch(() => undefined);
  }

  /** Leaves the guest running and forgets it. */
  async letGo(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.agents[Symbol.asyncDispose]();
    await running?.vmm.letGo();
  }

  async #command(
    command: Command,
    signal: AbortSignal,
    body: (signal: AbortSignal, before: Move | undefined) => Promise<void>,
  ): Promise<void> {
    while (this.#moving !== undefined && this.#moving.command === undefined) await this.#moving.done.catch(() => undefined);
    const decision = decide(this.#record.state, command);
    if (decision.kind === "refuse") throw this.#refusal(command, decision);
    if (decision.kind === "join") {
      if (this.#moving !== undefined) return await this.#moving.done;
      if (!isBetween(this.#record.state)) return;
    } else {
      this.#write({ state: decision.to });
    }
    try {
      await this.#move(command, signal, body);
    } catch (error) {
      if (isBetween(this.#record.state)) this.#dependencies.onTrouble();
      throw error;
    }
  }

  async #move(
    command: Command | undefined,
    signal: AbortSignal,
    body: (signal: AbortSignal, before: Move | undefined) => Promise<void>,
  ): Promise<void> {
    const abort = new AbortController();
    const moving: Move = { command, done: body(AbortSignal.any([signal, abort.signal]), this.#moving), abort };
    this.#moving = moving;
    try {
      await moving.done;
    } finally {
      if (this.#moving === moving) this.#moving = undefined;
    }
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
    // A stop, above all, knows of the end already.
    while (this.#moving !== undefined) await this.#moving.done.catch(() => undefined);
    if (this.#running !== running || (this.#record.state !== "running" && this.#record.state !== "paused")) return;
    try {
      await this.#move(undefined, new AbortController().signal, async () => {
        await this.#halt();
        if (exit.reason === "guest-power-off") this.#settle("halted", { boot: this.#bootWithoutVmm() });
        else this.#settle("failed", { problem: describeExit(exit), boot: this.#bootWithoutVmm() });
      });
      await this.deleteIfEphemeral(makeQuietSteps(new AbortController().signal));
    } catch (error) {
      this.#dependencies.system.log.error("cannot clear up after a guest that ended", { vm: this.#record.name, error });
      this.#dependencies.onTrouble();
    }
  }

  /** Ends whatever of this run is still there, also a VMM that could not be taken over. */
  async #halt(): Promise<void> {
    const running = this.#running;
    try {
      await running?.agents[Symbol.asyncDispose]();
      await running?.release.disposeAsync();
    } finally {
      // What was not released is found by looking.
      this.#running = undefined;
    }
    await endLeftVmm(this.#record, this.#dependencies);
  }

  async #unmake(): Promise<void> {
    const { system, leases, rows, network } = this.#dependencies;
    const folder = system.layout.vmFolder(this.#record.id);
    await endLeftVmm(this.#record, this.#dependencies);
    await network.removeLink(this.#record.id);
    await system.files.removeTree(system.layout.vmRunFolder(this.#record.id));
    await system.files.removeTree(folder);
    leases.dropAllOf(this.#record.id);
    rows.remove(this.#record.id);
    this.#onGone();
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
    try {
      this.#record = this.#dependencies.rows.update(this.#record.id, change);
    } catch (error) {
      // It may be written all the same. What counts is what was told: what we hold in memory.
      this.#isSaved = false;
      this.#dependencies.onTrouble();
      throw error;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
