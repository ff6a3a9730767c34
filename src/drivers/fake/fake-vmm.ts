import type { Socket } from "node:net";
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { KeptConsole } from "../console/console.ts";
import type { RunningVmm, VmmExit, VmmRecord } from "../drivers.ts";
import { endProcess } from "../end-process.ts";

/** The socket's name in the run folder; it stands in argv, and strays are found by it. */
export const AGENT_SOCKET = "fake-agent.sock";

const CONNECT_MS = 5_000;
const STOP_TRY_MS = 1;

type End = { readonly code: number | undefined; readonly signal: string | undefined };

export interface FakeVmmParts {
  /** For a child of ours; others are watched by their identity. */
  readonly ended?: Promise<End>;
  readonly console?: KeptConsole;
  /** Its name in the run folder. */
  readonly agentSocket?: string;
}

/** A process that plays a VMM. */
export class FakeVmm implements RunningVmm {
  readonly record: VmmRecord;
  readonly exited: Promise<VmmExit>;
  readonly #system: System;
  readonly #agentSocket: string;
  readonly #console: KeptConsole | undefined;
  readonly #ended: Promise<End> | undefined;
  readonly #watching = new AbortController();
  #killed = false;

  /** What goes wrong on purpose has no console. */
  constructor(system: System, record: VmmRecord, { ended, console, agentSocket = AGENT_SOCKET }: FakeVmmParts) {
    this.record = record;
    this.#agentSocket = join(record.runFolder, agentSocket);
    this.#system = system;
    this.#ended = ended;
    this.#console = console;
    this.exited = (ended ?? this.#watchByIdentity()).then(
      (end) => this.#explain(end),
      (error: unknown) => ({ reason: "crashed", detail: `it cannot be watched any more: ${String(error)}` }),
    );
  }

  connectAgent(signal: AbortSignal): Promise<Socket> {
    return this.#system.sockets.connect(this.#agentSocket, CONNECT_MS, signal);
  }

  async connectConsole(signal: AbortSignal): Promise<Socket> {
    if (this.#console === undefined) throw new BangerError("unsupported", "no_console", "this vm of driver fake has no console");
    return this.#console.connect(signal);
  }

  async kill(): Promise<void> {
    if (this.#system.processes.isAlive(this.record.identity)) {
      this.#killed = true;
      await endProcess(this.#system, this.record.identity, this.#ended);
    }
    await this.#console?.drained();
  }

  /** The agent stands still; commands that it started run on. */
  async pause(): Promise<void> {
    this.#signal("SIGSTOP");
    // The signal is sent at once and takes effect a moment later.
    while (!(await this.isPaused()) && this.#system.processes.isAlive(this.record.identity)) await this.#system.clock.sleep(STOP_TRY_MS);
  }

  async resume(): Promise<void> {
    this.#signal("SIGCONT");
  }

  async isPaused(): Promise<boolean> {
    return this.#system.processes.isStopped(this.record.identity);
  }

  /** Its guest has no disks that could be full. */
  watchHeld(signal: AbortSignal): Promise<void> {
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Nor are there any that grow. */
  growDisk(): Promise<void> {
    return Promise.reject(new BangerError("unsupported", "cannot_grow_disk", "cannot grow a disk of this vm: driver fake has no disks"));
  }

  async letGo(): Promise<void> {
    this.#watching.abort();
    this.#console?.letGo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.letGo();
  }

  #signal(signal: "SIGSTOP" | "SIGCONT"): void {
    const { pid } = this.record.identity;
    if (this.#system.processes.signal(this.record.identity, signal)) return;
    throw new BangerError(
      "unavailable",
      "vmm_gone",
      `cannot send ${signal} to the guest of vm ${this.record.vmId}: process ${pid} is gone`,
    );
  }

  async #watchByIdentity(): Promise<undefined> {
    try {
      await this.#system.processes.watchEnd(this.record.identity, this.#watching.signal);
    } catch (thrown) {
      if (!this.#watching.signal.aborted) throw thrown;
      await new Promise(() => undefined);
    }
  }

  /** The agent ends with code 0 after a power off. Nobody tells us the code of a process that is not our child. */
  async #explain(end: End | undefined): Promise<VmmExit> {
    try {
      await this.#console?.drained();
    } catch (error) {
      this.#system.log.error("cannot read the last words of a guest", { vmId: this.record.vmId, error });
    }
    if (this.#killed) return { reason: "killed" };
    if (end === undefined) return { reason: "crashed", detail: "it is gone" };
    if (end.code === 0) return { reason: "guest-power-off" };
    return { reason: "crashed", detail: end.signal === undefined ? `ended with code ${end.code}` : `ended by ${end.signal}` };
  }
}
