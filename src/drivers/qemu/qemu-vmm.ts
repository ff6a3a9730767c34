import type { Socket } from "node:net";
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { DiskPart, RunningVmm, VmmExit, VmmRecord } from "../drivers.ts";
import { endProcess } from "../end-process.ts";
import type { KeptConsole } from "../console/console.ts";
import { decideExit, type EndOfQemu } from "./decide-exit.ts";
import { readLastWords } from "./explain-end.ts";
import { HELD_STATUS, type EventWatch } from "./event-watch.ts";
import type { Qmp } from "./qmp.ts";
import { runPaths, type RunNote } from "./run-folder.ts";

const CONNECT_MS = 5_000;
/** The answer to `query-status`; it has more keys, which change with QEMU's versions. */
const runState = z.object({ running: z.boolean(), status: z.string() });

export interface QemuVmmParts {
  readonly system: System;
  readonly record: VmmRecord;
  readonly note: RunNote | undefined;
  /** Undefined when another client holds the monitor. */
  readonly qmp: Qmp | undefined;
  readonly events: EventWatch;
  readonly console: KeptConsole;
  /** For a child of ours; others are watched by their identity. */
  readonly ended?: Promise<NonNullable<EndOfQemu["end"]>>;
}

/** A QEMU that runs, started by us or by an earlier daemon. */
export class QemuVmm implements RunningVmm {
  readonly record: VmmRecord;
  readonly exited: Promise<VmmExit>;
  readonly #parts: QemuVmmParts;
  readonly #watching = new AbortController();
  readonly #gone: Promise<EndOfQemu["end"]>;
  #killed = false;

  constructor(parts: QemuVmmParts) {
    this.#parts = parts;
    this.record = parts.record;
    this.#gone = parts.ended ?? this.#watchByIdentity();
    this.exited = this.#gone.then(
      (end) => this.#explain(end),
      (error: unknown) => ({ reason: "crashed", detail: `it cannot be watched any more: ${String(error)}` }),
    );
  }

  connectAgent(signal: AbortSignal): Promise<Socket> {
    return this.#parts.system.sockets.connect(runPaths(this.record.runFolder).agentSocket, CONNECT_MS, signal);
  }

  connectConsole(signal: AbortSignal): Promise<Socket> {
    return this.#parts.console.connect(signal);
  }

  async kill(): Promise<void> {
    const { system, ended, console } = this.#parts;
    if (system.processes.isAlive(this.record.identity)) {
      this.#killed = true;
      // Not by `#gone`: after `letGo` that stays open.
      await endProcess(system, this.record.identity, ended);
    }
    await console.drained();
  }

  async pause(): Promise<void> {
    const monitor = this.#monitor();
    try {
      await monitor.execute("stop");
    } catch (error) {
      // QEMU may have heard it all the same, and does it when it comes round; what it hears next then takes it back.
      monitor.execute("cont").catch(() => undefined);
      throw error;
    }
  }

  async resume(): Promise<void> {
    await this.#monitor().execute("cont");
  }

  async watchHeld(signal: AbortSignal): Promise<void> {
    await orAborted(this.#parts.events.held, signal);
  }

  async isPaused(): Promise<boolean> {
    const { running, status } = runState.parse(await this.#monitor().execute("query-status"));
    return !running && status !== HELD_STATUS;
  }

  async growDisk(serial: DiskPart["serial"], bytes: number): Promise<void> {
    await this.#monitor().execute("block_resize", { "node-name": serial, size: bytes });
  }

  async letGo(): Promise<void> {
    this.#watching.abort();
    this.#parts.console.letGo();
    this.#parts.qmp?.[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.letGo();
  }

  #monitor(): Qmp {
    const { qmp } = this.#parts;
    if (qmp !== undefined) return qmp;
    const { vmId } = this.record;
    const why = "another program holds QEMU's monitor, or its socket was removed";
    throw new BangerError("unavailable", "qmp_taken", `cannot command vm ${vmId}: ${why}`, {
      hint: `banger vm stop ${vmId}, then banger vm start ${vmId}`,
    });
  }

  /** Stays open for ever when let go. */
  async #watchByIdentity(): Promise<undefined> {
    const { system, qmp } = this.#parts;
    const watchEnd = (): Promise<void> => system.processes.watchEnd(this.record.identity, this.#watching.signal);
    try {
      // The end of its monitor is told at once; the process follows it in a moment, and is looked at more often again.
      await (qmp === undefined ? watchEnd() : Promise.race([watchEnd(), qmp.ended]).then(watchEnd));
    } catch (thrown) {
      if (!this.#watching.signal.aborted) throw thrown;
      await new Promise(() => undefined);
    }
  }

  async #explain(end: EndOfQemu["end"]): Promise<VmmExit> {
    const { qmp, events } = this.#parts;
    // The monitor's last event may still be on its way when the process is gone.
    await qmp?.ended;
    const said = await this.#readLastWords();
    return decideExit({ shutdown: events.shutdown, killed: this.#killed, end, ...said });
  }

  /** Empty when they cannot be read: the folder of a vm that is deleted by force goes while we look. */
  async #readLastWords(): Promise<Pick<EndOfQemu, "consoleTail" | "lastWords">> {
    const { note, system, console } = this.#parts;
    const nothing = { consoleTail: "", lastWords: "" };
    try {
      await console.drained();
      return note === undefined ? nothing : await readLastWords(system, note);
    } catch (error) {
      system.log.error("cannot read the last words of a VMM", { vmId: this.record.vmId, error });
      return nothing;
    }
  }
}

/** Resolves with `promise`; rejects when the signal aborts first. */
function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    void promise.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
  });
}
