/**
 * Room `operations`: running verbs. Every long verb is recorded before it does anything, says what it does in numbered
 * events that are stored as they happen, can be cancelled, and has exactly one outcome.
 *
 * Laws:
 * - An event is in the database before any watcher sees it; `watch` from any number gives the same events for ever.
 * - Losing every watcher changes nothing: the work goes on.
 * - `cancel` aborts the signal that the work was given; the outcome is then `cancelled`, unless the work was already done.
 * - An operation that was running when its daemon died gets the outcome `unavailable` `daemon_died` at the next start;
 *   one that could not be recorded never begins, and has the outcome `operation_not_recorded` if there is a record all the same.
 *
 * Leases: who makes something that leaves a trace on the computer writes a lease first and drops it last. What a lease
 * names and no VM and no running operation holds, the sweeper removes.
 */
import type { ErrorShape } from "../contract/errors.ts";
import type { OperationEvent } from "../contract/events.ts";

/** What the work is given. */
export interface OperationContext {
  readonly operationId: string;
  /** Aborted by `cancel`. Pass it to every child. */
  readonly signal: AbortSignal;
  /** Runs `body` as a named stage: its start, time and end become events. */
  stage<T>(stage: string, body: (stage: StageContext) => Promise<T>): Promise<T>;
  /** Something to read once. */
  notice(message: string): void;
  /** Lines that a program printed; above a bound they are not told any more. */
  output(lines: readonly string[]): void;
  /** Says what it turned out to be about: the name that was generated, or that of the id that was given. */
  about(subject: string): void;
}

export interface StageContext {
  /** Progress of the running stage; calls in quick succession are thinned out, but for those that say what is waited for. */
  progress(done: number, total: number | undefined, unit: "bytes" | "items", waitingFor?: string): void;
  /** A few words for the end of the stage: `from the pool`. */
  note(text: string): void;
}

export interface OperationRecord {
  readonly id: string;
  /** `vm.create`. */
  readonly name: string;
  /** What it is about: the name or id that was given until the work says better, or empty. */
  readonly subject: string;
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** Why it failed or was cancelled. */
  readonly error: ErrorShape | undefined;
}

export interface Operations {
  /** Records the operation and starts the work. Returns at once. */
  start(name: string, subject: string, work: (context: OperationContext) => Promise<unknown>): OperationRecord;
  /** Throws `not_found` `operation_not_found`. */
  get(id: string): OperationRecord;
  /** The newest first. */
  list(): readonly OperationRecord[];
  /** Events from number `from`, then those to come, to the outcome. Ends early when `signal` aborts. Throws as `get`, at the first event. */
  watch(id: string, from: number, signal?: AbortSignal): AsyncIterable<OperationEvent>;
  /** Asks it to stop, which its watchers are told as a notice; resolves with the record at its end. */
  cancel(id: string): Promise<OperationRecord>;
  /** Ended operations of other names that are kept and that ended before a time: how many, and the bytes of what they tell. */
  measureEnded(
    beforeMs: number,
    without: readonly string[],
  ): { readonly count: number; readonly bytes: number; readonly lastEndedAt: number };
  /** Forgets these. */
  forgetEnded(beforeMs: number): void;
  /** Gives operations of a dead daemon, and those that could not be recorded, their outcome. Before listening, and after trouble. */
  reconcile(): void;
  /** Cancels all and waits for their ends. */
  close(): Promise<void>;
}

/** What a lease claims. The key names the thing so that a sweeper can find it. */
export interface Lease {
  readonly kind:
    | "vm-folder"
    | "vm-run-folder"
    | "vmm"
    | "download"
    | "store-folder"
    | "bootstrap"
    | "kernel-build"
    | "bundle-draft"
    | "workshop"
    | "dockerfile"
    | "blank"
    | "prune";
  /** A path, or a marker found in a process's arguments. */
  readonly key: string;
  /** The VM that will hold it; undefined when only the operation does. */
  readonly vmId: string | undefined;
  readonly operationId: string | undefined;
}

export interface Leases {
  write(lease: Lease): void;
  drop(kind: Lease["kind"], key: string): void;
  dropAllOf(vmId: string): void;
  list(): readonly Lease[];
}

export { makeInTurn } from "./in-turn.ts";
export { makeJoinWork } from "./join-work.ts";
export { makeOneAtATime } from "./one-at-a-time.ts";
export { unlessAborted } from "./unless-aborted.ts";
export { makeLeased, type Leased } from "./leased.ts";
export { runUnrecorded } from "./run-unrecorded.ts";
