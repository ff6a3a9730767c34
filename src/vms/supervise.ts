/**
 * One supervisor per vm owns its life in this daemon: it holds the VMM and the agent while the guest runs, carries out commands
 * by the table in `state.ts`, and writes down what happens by itself. The row is written before anything is told.
 *
 * A command and its state change happen in one go, without waiting in between, so two callers cannot both move a vm. What
 * takes time is kept as `#moving`; who asks for the same joins it.
 */
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm, VmmExit } from "../drivers/drivers.ts";
import { bootVm, type BootParts } from "./boot.ts";
import { driverOf, makeQuietSteps, type Steps, type VmDependencies } from "./dependencies.ts";
import { describeExit } from "./describe-exit.ts";
import { makeGiver } from "./give-live.ts";
import { messageOf } from "./message-of.ts";
import { overtake, type Move } from "./move.ts";
import { giveUp } from "./readiness.ts";
import { driverCannotPause, notRunning, refusedCommand } from "./refusals.ts";
import { RunningGuest } from "./running-guest.ts";
import { decide, refuseChange, settle, type Command, type VmEvent } from "./state.ts";
import { setClockRight } from "./set-clock-right.ts";
import { unmakeVm } from "./unmake.ts";
import { startReadying, type Readying } from "./wait-until-ready.ts";
import type { VmBoot, VmGiven, VmPlan, VmRecord } from "./vm-record.ts";
import type { VmChange } from "./vm-rows.ts";

export class Supervisor {
  readonly #dependencies: VmDependencies;
  readonly #onGone: () => void;
  readonly #give: (steps: Steps) => Promise<void>;
  #record: VmRecord;
  #running: RunningGuest | undefined;
  #moving: Move | undefined;
  /** While a guest that was started is waited for; it runs already, and can be used. */
  #readying: Readying | undefined;

  /** @param onGone called when the row is deleted. */
  constructor(record: VmRecord, dependencies: VmDependencies, onGone: () => void) {
    this.#record = record;
    this.#dependencies = dependencies;
    this.#onGone = onGone;
    const write = (running: RunningGuest, given: VmGiven): void => {
      if (this.#running === running && this.#record.boot !== null) this.#write({ boot: { ...this.#record.boot, given } });
    };
    this.#give = makeGiver({ record: () => this.#record, running: () => this.#running, write }, dependencies);
  }

  get record(): VmRecord {
    return this.#record;
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
        this.#readying = this.#becomeReady(steps);
      } catch (error) {
        // A stop that came in between owns the state from here on. Who cancels a start finds the vm as it was before.
        if (this.#record.state === "starting") {
          if (signal.aborted) this.#settle("halted", { problem: null, boot: this.#bootWithoutVmm() });
          else this.#settle("failed", { problem: messageOf(error), boot: this.#bootWithoutVmm() });
        }
        throw error;
      }
    });
    // Who joins a start waits for the same.
    await this.#readying?.done;
  }

  /** Asks the guest to power off, and forces after `graceMs`; 0 forces at once. */
  async stop(graceMs: number, steps: Steps): Promise<void> {
    const before = this.#moving;
    const stoodStill = this.#record.state === "paused";
    // Who asks to force does not wait for who asked politely.
    if (graceMs === 0 && this.#record.state === "stopping") await this.#running?.vmm.kill();
    await this.#command(graceMs === 0 ? "kill" : "stop", steps.signal, async () => {
      const why = new BangerError("cancelled", "stopped_while_starting", `vm ${this.#record.name} was stopped while it started`);
      this.#readying?.abort.abort(why);
      await overtake(before, why);
      const running = this.#running;
      if (running !== undefined && graceMs > 0) {
        await steps.stage("power off", async () => {
          // Who stands still cannot power off.
          if (stoodStill)
            await running
              .goOn()
              .catch((error: unknown) => this.#dependencies.system.log.warn("cannot resume a guest to stop it", { error }));
          await running.powerOff(graceMs);
        });
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

  /** Makes the guest stand still, with what runs in it and what is connected to it. */
  async pause(steps: Steps): Promise<void> {
    if (!this.#canPause) throw driverCannotPause(this.#record);
    const before = this.#moving;
    await this.#command("pause", steps.signal, async () => {
      await overtake(before);
      try {
        await steps.stage("pause", async () => this.#running?.standStill());
      } catch (error) {
        if (this.#record.state === "paused") this.#settle("resumed");
        throw error;
      }
    });
  }

  async resume(steps: Steps): Promise<void> {
    const before = this.#moving;
    await this.#command("resume", steps.signal, async (signal) => {
      await overtake(before);
      try {
        await steps.stage("resume", async () => this.#running?.goOn());
      } catch (error) {
        if (this.#record.state === "running") this.#settle("paused");
        throw error;
      }
      await setClockRight(this.#running, { ...steps, signal });
    });
    await this.giveLive(steps);
  }

  /** Writes another plan. What it asks for is given by `giveLive`, and by the next start. */
  changePlan(change: (plan: VmPlan) => VmPlan): VmPlan {
    this.#checkChangeable();
    const plan = change(this.#record.plan);
    this.#write({ plan });
    return plan;
  }

  rename(name: string): void {
    this.#checkChangeable();
    if (name !== this.#record.name) this.#write({ name });
  }

  /** Gives a running guest what was set and it can take now. */
  async giveLive(steps: Steps): Promise<void> {
    await this.#give(steps);
  }

  /** The agent of the running guest; waits a little while the connection is being made again. */
  async agent(signal: AbortSignal): Promise<Agent> {
    if (this.#running === undefined || this.#record.state !== "running") throw notRunning(this.#record);
    return this.#running.agents.current(signal);
  }

  /** Takes over a VMM that an earlier daemon started, and makes it stand still or go on as the row says. */
  async takeOver(vmm: RunningVmm, release: AsyncDisposableStack): Promise<void> {
    this.#adopt(vmm, undefined, release);
    const { boot } = this.#record;
    if (boot !== null && boot.requirements.some(({ state }) => state === "waiting"))
      this.#write({ boot: { ...boot, requirements: boot.requirements.map(giveUp) } });
    const shallPause = this.#record.state === "paused";
    if (!this.#canPause || (await vmm.isPaused()) === shallPause) return;
    if (shallPause) return this.#running?.standStill();
    await this.#running?.goOn();
    // Not waited for: the daemon that starts has more to do, and the guest may take a while to answer.
    void this.#running?.setClock(new AbortController().signal);
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
    this.#onGone();
  }

  /** Leaves the guest running and forgets it. */
  async letGo(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.letGo();
  }

  async #command(command: Command, signal: AbortSignal, body: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const decision = decide(this.#record.state, command);
    if (decision.kind === "refuse") throw refusedCommand(this.#record, command, decision);
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

  #checkChangeable(): void {
    const refusal = refuseChange(this.#record.state);
    if (refusal !== undefined) throw refusedCommand(this.#record, "change", refusal);
  }

  #adopt(vmm: RunningVmm, agent: Agent | undefined, release: AsyncDisposableStack): void {
    const { state } = this.#record;
    const running = new RunningGuest(
      { vmName: () => this.#record.name, vmm, agent, isHeld: state === "paused", release },
      this.#dependencies,
    );
    this.#running = running;
    void vmm.exited.then((exit) => this.#exitedByItself(running, exit));
  }

  get #canPause(): boolean {
    return driverOf(this.#dependencies, this.#record.plan.driver).capabilities.pause;
  }

  #becomeReady(steps: Steps): Readying {
    const running = this.#running;
    const write = (change: Partial<VmBoot>): void => {
      if (this.#running === running && this.#record.boot !== null) this.#write({ boot: { ...this.#record.boot, ...change } });
    };
    const cancel = async (): Promise<void> => {
      // Who cancels a start finds the vm as it was before.
      if (this.#record.state === "running") await this.stop(0, makeQuietSteps(new AbortController().signal));
    };
    const vm = { record: this.#record, guest: running, write, cancel, over: () => (this.#readying = undefined) };
    return startReadying(vm, this.#dependencies, steps);
  }

  /** The guest ended without being asked to. */
  async #exitedByItself(running: RunningGuest, exit: VmmExit): Promise<void> {
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

  /** Ends whatever of this run is still there. */
  async #halt(): Promise<void> {
    await this.#running?.end();
    this.#running = undefined;
  }

  async #unmake(): Promise<void> {
    await unmakeVm(this.#record.id, this.#dependencies);
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

  #write(change: VmChange): void {
    this.#record = this.#dependencies.rows.update(this.#record.id, change);
  }
}
