/**
 * One supervisor per vm owns its life in this daemon: it holds the VMM and the agent while the guest runs, carries out commands
 * by the table in `state.ts`, and writes down what happens by itself. The row is written before anything is told.
 *
 * A command and its state change happen in one go, without waiting in between, so two callers cannot both move a vm. What
 * takes time is a move; who asks for the same joins it. What nobody asked for, an end by itself or putting things in order, is a
 * move too: commands wait for it and decide then.
 *
 * A move that fails half way leaves its state: `stopping` is not `stopped` while a VMM may be alive. The same command takes it up
 * again, and so does reconciling, which is asked for at once.
 *
 * The file is longer than 300 lines because each command of the table has its few lines here, over the same private state.
 */
import type { Socket } from "node:net";
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm, VmmExit } from "../drivers/drivers.ts";
import { bootVm, type BootParts } from "./boot.ts";
import { driverOf, makeQuietSteps, type Steps, type VmDependencies } from "./dependencies.ts";
import { describeExit } from "./describe-exit.ts";
import { endLeftVmm } from "./end-left-vmm.ts";
import { makeGiver } from "./give-live.ts";
import { messageOf } from "./message-of.ts";
import { HeldRow } from "./held-row.ts";
import { Moves, overtake, type Move } from "./move.ts";
import { giveUp } from "./readiness.ts";
import { driverCannotPause, notRunning, notStill, refusedCommand } from "./refusals.ts";
import { RunningGuest, type RunningGuestParts } from "./running-guest.ts";
import { decide, isBetween, refuseChange, type Command } from "./state.ts";
import { setClockRight } from "./set-clock-right.ts";
import { unmakeVm } from "./unmake.ts";
import { startReadying, type Readying } from "./wait-until-ready.ts";
import type { VmBoot, VmGiven, VmPlan, VmRecord } from "./vm-record.ts";

const NO_PROBLEMS: readonly string[] = [];

export class Supervisor {
  readonly #dependencies: VmDependencies;
  readonly #onGone: () => void;
  readonly #give: (steps: Steps) => Promise<void>;
  readonly #moves = new Moves();
  readonly #row: HeldRow;
  #running: RunningGuest | undefined;
  /** While a guest that was started is waited for; it runs already, and can be used. */
  #readying: Readying | undefined;
  #isGone = false;

  /** @param onGone called when the row is deleted. */
  constructor(record: VmRecord, dependencies: VmDependencies, onGone: () => void) {
    this.#row = new HeldRow(record, dependencies);
    this.#dependencies = dependencies;
    this.#onGone = onGone;
    const write = (running: RunningGuest, given: VmGiven): void => {
      if (this.#running === running && this.#row.record.boot !== null) this.#row.write({ boot: { ...this.#row.record.boot, given } });
    };
    this.#give = makeGiver({ record: () => this.#row.record, running: () => this.#running, write }, dependencies);
  }

  get id(): string {
    return this.#row.record.id;
  }

  get record(): VmRecord {
    return this.#row.record;
  }

  /** Whether a VMM is held. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** What is wrong with a guest that runs on, for people. */
  get problems(): readonly string[] {
    return this.#running?.problems ?? NO_PROBLEMS;
  }

  /** Does this while nothing is under way, and has commands wait for it. False, and nothing is done, when something is. */
  async whileIdle(body: () => Promise<void>): Promise<boolean> {
    if (this.#moves.current !== undefined) return false;
    await this.#moves.run(undefined, new AbortController().signal, body);
    return true;
  }

  /** Resolves at the next change of the record. */
  get moved(): Promise<void> {
    return this.#row.moved;
  }

  /** Why its logs do not grow any more: its state, or `deleted`; undefined while they may. */
  get ended(): string | undefined {
    if (this.#isGone) return "deleted";
    const { state } = this.#row.record;
    return state === "starting" || state === "running" || state === "paused" || state === "stopping" ? undefined : state;
  }

  /** The disks are made: `preparing` becomes `stopped`. */
  prepared(): void {
    this.#row.settle("prepared");
  }

  async start(parts: () => Promise<BootParts>, steps: Steps): Promise<void> {
    let started: RunningGuest | undefined;
    await this.#command("start", steps.signal, async (signal) => {
      try {
        await endLeftVmm(this.#row.record, this.#dependencies);
        const booted = await bootVm(this.#row.record, await parts(), this.#dependencies, { ...steps, signal }, (boot) =>
          this.#row.write({ boot }),
        );
        await using undo = booted.release;
        this.#row.settle("booted", { boot: booted.boot });
        started = this.#adopt(booted.vmm, booted, undo.move());
        this.#readying = this.#becomeReady(steps);
      } catch (error) {
        // A stop that came in between owns the state from here on. Who cancels a start finds the vm as it was before.
        if (this.#row.record.state === "starting") {
          if (signal.aborted) this.#row.settle("halted", { problem: null, boot: this.#row.bootWithoutVmm() });
          else this.#row.settle("failed", { problem: messageOf(error), boot: this.#row.bootWithoutVmm() });
        }
        throw error;
      }
    });
    // Who joins a start waits for the same.
    await Promise.all([this.#readying?.done, tellOfPorts(started, steps)]);
  }

  /** Asks the guest to power off, and forces after `graceMs`; 0 forces at once. */
  async stop(graceMs: number, steps: Steps): Promise<void> {
    // Who asks to force does not wait for who asked politely.
    if (graceMs === 0 && this.#row.record.state === "stopping") await this.#running?.vmm.kill();
    await this.#command(graceMs === 0 ? "kill" : "stop", steps.signal, async (_signal, before) => {
      const why = new BangerError("cancelled", "stopped_while_starting", `vm ${this.#row.record.name} was stopped while it started`);
      this.#readying?.abort.abort(why);
      await overtake(before, why);
      const running = this.#running;
      if (running !== undefined && graceMs > 0) await steps.stage("power off", () => running.powerOff(graceMs, steps.signal));
      await steps.stage("halt", () => this.#halt());
      this.#row.settle("halted", { problem: null, boot: this.#row.bootWithoutVmm() });
    });
    await this.deleteIfEphemeral(steps);
  }

  /** Unmakes an ephemeral vm that has stopped; waits when somebody does so already. */
  async deleteIfEphemeral(steps: Steps): Promise<void> {
    const { plan, state } = this.#row.record;
    if (plan.ephemeral && (state === "stopped" || state === "deleting")) await this.delete(steps);
  }

  /** Unmakes the vm; the row goes last. */
  async delete(steps: Steps): Promise<void> {
    await this.#command("delete", steps.signal, () => this.#unmake());
  }

  /** Makes the guest stand still, with what runs in it and what is connected to it. */
  async pause(steps: Steps): Promise<void> {
    if (!this.#canPause) throw driverCannotPause(this.#row.record);
    await this.#command("pause", steps.signal, async (_signal, before) => {
      await overtake(before);
      try {
        await steps.stage("pause", async () => this.#running?.standStill());
      } catch (error) {
        if (this.#row.record.state === "paused") this.#row.settle("resumed");
        throw error;
      }
    });
  }

  async resume(steps: Steps): Promise<void> {
    await this.#command("resume", steps.signal, async (signal, before) => {
      await overtake(before);
      try {
        await steps.stage("resume", async () => this.#running?.goOn());
      } catch (error) {
        if (this.#row.record.state === "running") this.#row.settle("paused");
        throw error;
      }
      await setClockRight(this.#running, { ...steps, signal });
    });
    await this.giveLive(steps);
  }

  /** Does this while nobody writes to the disks: a guest that runs stands still for it, of which the row says nothing. */
  async whileStill(body: () => Promise<void>, steps: Steps): Promise<void> {
    while (this.#moves.current !== undefined) await this.idle();
    const { state } = this.#row.record;
    if (state !== "stopped" && state !== "paused" && state !== "running") throw notStill(this.#row.record);
    const running = state === "running" ? this.#running : undefined;
    if (running !== undefined && !this.#canPause) throw driverCannotPause(this.#row.record);
    await this.#moves.run(undefined, steps.signal, async () => {
      await running?.standStill();
      try {
        await body();
      } finally {
        await running?.goOn();
      }
      await running?.setClock(steps.signal);
    });
  }

  /** Writes another plan. What it asks for is given by `giveLive`, and by the next start. */
  changePlan(change: (plan: VmPlan) => VmPlan): VmPlan {
    this.#checkChangeable();
    const plan = change(this.#row.record.plan);
    this.#row.write({ plan });
    return plan;
  }

  rename(name: string): void {
    this.#checkChangeable();
    if (name !== this.#row.record.name) this.#row.write({ name });
  }

  /** Gives a running guest what was set and it can take now. */
  async giveLive(steps: Steps): Promise<void> {
    await this.#give(steps);
  }

  /** Has a running guest's ports be as the plan says. */
  async listen(): Promise<void> {
    await this.#running?.ports.set(this.#row.record.plan.forwards);
  }

  /** The agent of the running guest; waits a little while the connection is being made again. */
  async agent(signal: AbortSignal): Promise<Agent> {
    if (this.#running === undefined || this.#row.record.state !== "running") throw notRunning(this.#row.record);
    this.#running.requireAwake();
    return this.#running.agents.current(signal);
  }

  /** Resolves when the host's disk holds the running guest. */
  async watchHeld(signal: AbortSignal): Promise<void> {
    if (this.#running === undefined) throw notRunning(this.#row.record);
    await this.#running.vmm.watchHeld(signal);
  }

  /** A connection to the serial port of the running guest. */
  async connectConsole(signal: AbortSignal): Promise<Socket> {
    if (this.#running === undefined) throw notRunning(this.#row.record);
    return this.#running.connectConsole(signal);
  }

  /** Takes over a VMM that an earlier daemon started, and makes it stand still or go on as the row says. */
  async takeOver(vmm: RunningVmm, release: AsyncDisposableStack): Promise<void> {
    this.#adopt(vmm, { agent: undefined, peers: undefined }, release);
    const { boot } = this.#row.record;
    if (boot !== null && boot.requirements.some(({ state }) => state === "waiting"))
      this.#row.write({ boot: { ...boot, requirements: boot.requirements.map(giveUp) } });
    if (this.#canPause) await this.#running?.standAs(this.#row.record.state === "paused");
  }

  /** What was found: the guest is gone. */
  foundGone(problem: string | null): void {
    this.#row.settle(problem === null ? "halted" : "failed", { problem, boot: this.#row.bootWithoutVmm() });
  }

  /** What was found: the guest is there and cannot be reached. Its VMM stays as it is until somebody stops it. */
  foundLost(problem: string): void {
    this.#row.settle("failed", { problem });
  }

  /** Finishes a deletion, or undoes a creation, that was cut off. */
  finishDelete(): Promise<void> {
    return this.#unmake();
  }

  /** Unmakes a vm whose creation failed. What cannot be unmade now stays `deleting`, and is unmade later. */
  async abandon(): Promise<void> {
    await this.idle();
    await this.#moves.run(undefined, new AbortController().signal, async () => {
      this.#row.write({ state: "deleting" });
      await this.#halt();
      await this.#unmake();
    });
  }

  /** Writes the row once more when it could not be written. */
  save(): void {
    this.#row.save();
  }

  idle(): Promise<void> {
    return this.#moves.idle();
  }

  /** Leaves the guest running and forgets it. */
  async letGo(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.letGo();
  }

  async #command(
    command: Command,
    signal: AbortSignal,
    body: (signal: AbortSignal, before: Move | undefined) => Promise<void>,
  ): Promise<void> {
    for (let move = this.#moves.current; move !== undefined && move.command === undefined; move = this.#moves.current)
      await move.done.catch(() => undefined);
    const decision = decide(this.#row.record.state, command);
    if (decision.kind === "refuse") throw refusedCommand(this.#row.record, command, decision);
    if (decision.kind === "join") {
      if (this.#moves.current !== undefined) return await this.#moves.current.done;
      if (!isBetween(this.#row.record.state)) return;
    } else {
      this.#row.write({ state: decision.to });
    }
    try {
      await this.#moves.run(command, signal, body);
    } catch (error) {
      if (isBetween(this.#row.record.state)) this.#dependencies.onTrouble();
      throw error;
    }
  }

  #checkChangeable(): void {
    const refusal = refuseChange(this.#row.record.state);
    if (refusal !== undefined) throw refusedCommand(this.#row.record, "change", refusal);
  }

  #adopt(vmm: RunningVmm, { agent, peers }: Pick<RunningGuestParts, "agent" | "peers">, release: AsyncDisposableStack): RunningGuest {
    const { state, boot, plan } = this.#row.record;
    const networkMode = boot?.networkMode ?? "none";
    const running = new RunningGuest(
      {
        vmName: () => this.#row.record.name,
        vmm,
        agent,
        peers,
        networkMode,
        isPaused: state === "paused",
        forwards: plan.forwards,
        onHalted: () => void this.#haltedByItself(running),
        onConnected: () => void this.giveLive(makeQuietSteps()),
        release,
      },
      this.#dependencies,
    );
    this.#running = running;
    void vmm.exited.then((exit) => this.#exitedByItself(running, exit));
    return running;
  }

  get #canPause(): boolean {
    return driverOf(this.#dependencies, this.#row.record.plan.driver).capabilities.pause;
  }

  #becomeReady(steps: Steps): Readying {
    const running = this.#running;
    const write = (change: Partial<VmBoot>): void => {
      if (this.#running === running && this.#row.record.boot !== null) this.#row.write({ boot: { ...this.#row.record.boot, ...change } });
    };
    const cancel = async (): Promise<void> => {
      // Who cancels a start finds the vm as it was before.
      if (this.#row.record.state === "running") await this.stop(0, makeQuietSteps());
    };
    const vm = { record: this.#row.record, guest: running, write, cancel, over: () => (this.#readying = undefined) };
    return startReadying(vm, this.#dependencies, steps);
  }

  /** The guest's kernel has halted, which switches nothing off where there is no ACPI. It meant to be off. */
  async #haltedByItself(running: RunningGuest): Promise<void> {
    while (this.#moves.current !== undefined) await this.idle();
    if (this.#running !== running || this.#row.record.state !== "running") return;
    this.#dependencies.system.log.info("ending a guest whose kernel has halted", { vm: this.#row.record.name });
    try {
      await this.stop(0, makeQuietSteps());
    } catch (error) {
      this.#dependencies.system.log.error("cannot end a guest that halted", { vm: this.#row.record.name, error });
      this.#dependencies.onTrouble();
    }
  }

  /** The guest ended without being asked to. */
  async #exitedByItself(running: RunningGuest, exit: VmmExit): Promise<void> {
    // A stop, above all, knows of the end already.
    while (this.#moves.current !== undefined) await this.idle();
    if (this.#running !== running || (this.#row.record.state !== "running" && this.#row.record.state !== "paused")) return;
    try {
      await this.#moves.run(undefined, new AbortController().signal, async () => {
        await this.#halt();
        if (exit.reason === "guest-power-off") this.#row.settle("halted", { boot: this.#row.bootWithoutVmm() });
        else this.#row.settle("failed", { problem: describeExit(exit), boot: this.#row.bootWithoutVmm() });
      });
      await this.deleteIfEphemeral(makeQuietSteps());
    } catch (error) {
      this.#dependencies.system.log.error("cannot clear up after a guest that ended", { vm: this.#row.record.name, error });
      this.#dependencies.onTrouble();
    }
  }

  /** Ends whatever of this run is still there, also a VMM that could not be taken over. */
  async #halt(): Promise<void> {
    const running = this.#running;
    // What is not released is found by looking.
    this.#running = undefined;
    await running?.end();
    await endLeftVmm(this.#row.record, this.#dependencies);
  }

  async #unmake(): Promise<void> {
    await endLeftVmm(this.#row.record, this.#dependencies);
    await unmakeVm(this.#row.record.id, this.#dependencies);
    this.#isGone = true;
    this.#dependencies.peers.drop(this.#row.record.id);
    this.#onGone();
    this.#row.tellMoved();
  }
}

async function tellOfPorts(guest: RunningGuest | undefined, steps: Steps): Promise<void> {
  await guest?.ports.tried;
  for (const problem of guest?.ports.problems ?? NO_PROBLEMS) steps.notice(problem);
}
