import type { Socket } from "node:net";
import type { ProcessIdentity } from "../../system/system.ts";
import type { LaunchPlan } from "../drivers.ts";
import { endProcess } from "../end-process.ts";
import type { ConsolesOptions, KeptConsole } from "./console.ts";
import { consolePaths, keeperArguments } from "./console-paths.ts";

const CONNECT_MS = 5000;
/** A keeper that dies at once shall not be started without end. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** What is left in a pipe is little; a disk may hang. */
const DRAIN_MS = 5000;

interface Keeper {
  readonly identity: ProcessIdentity;
  /** For a child of ours; others are watched by their identity. */
  readonly ended?: Promise<unknown>;
}

/** The keeper of one console, started by us or found running. */
export class ConsoleKeeper implements KeptConsole {
  readonly #options: ConsolesOptions;
  readonly #plan: Pick<LaunchPlan, "runFolder" | "consoleLogPath" | "vmmLogPath">;
  readonly #over = new AbortController();
  #keeper: Keeper | undefined;
  #guarding: Promise<void> = Promise.resolve();

  constructor(options: ConsolesOptions, plan: Pick<LaunchPlan, "runFolder" | "consoleLogPath" | "vmmLogPath">) {
    this.#options = options;
    this.#plan = plan;
  }

  /** Makes the pipes and starts the keeper. */
  async make(): Promise<void> {
    const { sockets } = this.#options.system;
    const { input, output } = consolePaths(this.#plan.runFolder);
    sockets.makePipe(input);
    sockets.makePipe(output);
    await this.#start();
  }

  /** Takes over a keeper that runs. */
  adopt(identity: ProcessIdentity): void {
    this.#keeper = { identity };
  }

  guard(vmm: ProcessIdentity): void {
    this.#guarding = this.#guard(vmm).catch((error: unknown) => {
      if (!this.#over.signal.aborted) this.#options.system.log.error("gave up on the keeper of a console", { ...this.#plan, error });
    });
  }

  connect(signal: AbortSignal): Promise<Socket> {
    return this.#options.system.sockets.connect(consolePaths(this.#plan.runFolder).socket, CONNECT_MS, signal);
  }

  async drained(): Promise<void> {
    await this.#stopGuarding();
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    const { system } = this.#options;
    const { clock } = system;
    const over = new AbortController();
    const waits = [this.#endOf(keeper, over.signal), clock.sleep(DRAIN_MS, over.signal)];
    await Promise.race(waits);
    for (const wait of waits) wait.catch(() => undefined);
    over.abort();
    await endProcess(system, keeper.identity, keeper.ended);
  }

  letGo(): void {
    this.#over.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { files } = this.#options.system;
    await this.#stopGuarding();
    if (this.#keeper !== undefined) await endProcess(this.#options.system, this.#keeper.identity, this.#keeper.ended);
    const { input, output, socket } = consolePaths(this.#plan.runFolder);
    for (const path of [input, output, socket]) await files.removeFile(path);
  }

  async #stopGuarding(): Promise<void> {
    this.#over.abort();
    await this.#guarding;
  }

  async #guard(vmm: ProcessIdentity): Promise<void> {
    const { processes, clock, log } = this.#options.system;
    const { signal } = this.#over;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const since = clock.monotonicMs();
      if (this.#keeper !== undefined) await this.#endOf(this.#keeper, signal);
      if (clock.monotonicMs() - since > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
      try {
        // It ends with its VMM, which may not be known yet.
        if (!processes.isAlive(vmm)) return;
        log.warn("the keeper of a console is gone: starting another", { runFolder: this.#plan.runFolder });
        await clock.sleep(pauseMs, signal);
        if (!processes.isAlive(vmm)) return;
        await this.#start();
      } catch (error) {
        // For want of memory or descriptors: a guest whose console nobody reads stands still when the pipe is full.
        signal.throwIfAborted();
        log.error("cannot start another keeper of a console yet", { runFolder: this.#plan.runFolder, error });
        await clock.sleep(pauseMs, signal);
      }
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Resolves when a keeper is gone. Rejects with the signal. */
  async #endOf({ identity, ended }: Keeper, signal: AbortSignal): Promise<void> {
    if (ended === undefined) await this.#options.system.processes.watchEnd(identity, signal);
    else await Promise.race([ended, rejectOn(signal)]);
    signal.throwIfAborted();
  }

  async #start(): Promise<void> {
    const { system, agentPath, maxBytes } = this.#options;
    const { sockets, processes } = system;
    const { runFolder, consoleLogPath, vmmLogPath } = this.#plan;
    const paths = consolePaths(runFolder);
    const output = sockets.openPipe(paths.output, "read");
    try {
      const door = sockets.listenForChild(paths.socket);
      try {
        this.#keeper = await processes.startDetached(keeperArguments(agentPath, paths, consoleLogPath, maxBytes), {
          logPath: vmmLogPath,
          descriptors: [output.descriptor, door.descriptor],
        });
      } finally {
        door.close();
      }
    } finally {
      output.close();
    }
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
