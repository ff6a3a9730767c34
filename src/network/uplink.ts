/** pasta, by which the namespace reaches the outside: started, and started again when it has ended. */
import type { ProcessIdentity, System } from "../system/system.ts";
import { linkFailed } from "./link-failure.ts";
import { uplinkArguments } from "./namespace-arguments.ts";
import { endAll, namespacePaths, readLastWords, type Namespace } from "./namespace.ts";
import { UPLINK } from "./slots.ts";

const READY_MS = 20_000;
const LOOK_MS = 4;
/** One that dies at once shall not be started without end. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;

interface Started {
  readonly identity: ProcessIdentity;
  /** For a child of ours; others are watched by their identity. */
  readonly ended?: Promise<unknown>;
}

export class Uplink {
  readonly #system: System;
  readonly #namespaceOf: () => Namespace | undefined;
  readonly #over = new AbortController();
  #started: Started | undefined;
  #guarding: Promise<void> = Promise.resolve();
  #problem: string | undefined;

  /** @param namespaceOf the namespace as it is now: its keeper may be another one. */
  constructor(system: System, namespaceOf: () => Namespace | undefined) {
    this.#system = system;
    this.#namespaceOf = namespaceOf;
  }

  /** Why there is no way out at the moment. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Starts it for the first time. Throws `unavailable` `link_failed`. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#start(signal);
    this.#guard();
  }

  /** Takes over one that runs. */
  adopt(identity: ProcessIdentity | undefined): void {
    this.#started = identity === undefined ? undefined : { identity };
    this.#guard();
  }

  /** Has it ask the host again what it asks at its start: which name server there is. */
  renew(): void {
    if (this.#started !== undefined) this.#system.processes.signal(this.#started.identity, "SIGKILL");
  }

  /** Ends the watching; it runs on. */
  async letGo(): Promise<void> {
    this.#over.abort();
    await this.#guarding;
  }

  #guard(): void {
    this.#guarding = this.#keep().catch((error: unknown) => {
      if (!this.#over.signal.aborted) this.#system.log.error("gave up on the way out of the vms", { error });
    });
  }

  async #keep(): Promise<void> {
    const { clock, log } = this.#system;
    const { signal } = this.#over;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const since = clock.monotonicMs();
      if (this.#started !== undefined) await this.#endOf(this.#started, signal);
      this.#problem ??= "pasta has ended, and is started again";
      if (clock.monotonicMs() - since > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
      log.warn("the way out of the vms has ended: starting another pasta");
      try {
        await clock.sleep(pauseMs, signal);
        await this.#start(signal);
        this.#problem = undefined;
      } catch (error) {
        signal.throwIfAborted();
        this.#started = undefined;
        this.#problem = error instanceof Error ? error.message : String(error);
        log.error("cannot start pasta yet", { error });
        await clock.sleep(pauseMs, signal);
      }
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  async #endOf({ identity, ended }: Started, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const watched = this.#system.processes.watchEnd(identity, either);
    watched.catch(() => undefined);
    await Promise.race([watched, ...(ended === undefined ? [] : [ended])]);
    over.abort();
    signal.throwIfAborted();
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { processes, clock, files } = this.#system;
    const namespace = this.#namespaceOf();
    if (namespace === undefined) throw linkFailed("cannot start pasta", "there is no network namespace");
    const { log, uplinkLog } = namespacePaths(this.#system);
    for (const path of [log, uplinkLog]) await files.removeFile(path);
    signal.throwIfAborted();
    const started = await processes.startDetached(uplinkArguments(namespace.mode, namespace.keeper.pid, uplinkLog), {
      logPath: log,
      cwd: "/",
    });
    let isOver = false;
    void started.ended.then(() => (isOver = true));
    try {
      const deadline = clock.monotonicMs() + READY_MS;
      while ((await processes.networkCards(namespace.keeper))?.has(UPLINK.name) !== true) {
        if (isOver || clock.monotonicMs() > deadline)
          throw linkFailed("cannot start pasta, by which vms reach the network", await readLastWords(this.#system, [log, uplinkLog]));
        await clock.sleep(LOOK_MS, signal);
      }
      this.#started = started;
    } catch (error) {
      await endAll(this.#system, [started.identity]);
      throw error;
    }
  }
}
