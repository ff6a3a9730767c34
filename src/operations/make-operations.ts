import { BangerError, hintAfterDeath, type ErrorShape } from "../contract/errors.ts";
import { ASKED_TO_STOP, type OperationEvent } from "../contract/events.ts";
import type { Database, System } from "../system/system.ts";
import { makeEventLog, type EventLog } from "./event-log.ts";
import {
  countEvents,
  endOperation,
  findOperation,
  forgetEnded,
  insertEvent,
  insertOperation,
  listOperations,
  listRunning,
  measureEnded,
  readEvents,
  setSubject,
} from "./operations-rows.ts";
import type { OperationRecord, Operations } from "./operations.ts";
import { run } from "./run.ts";

/** Events that a watcher reads at once. */
const PAGE = 256;

interface Running {
  readonly abort: AbortController;
  readonly events: EventLog;
  readonly ended: Promise<void>;
}

/** The engine over a database that has been brought to `OPERATIONS_MIGRATIONS`. */
export function makeOperations(database: Database, system: Pick<System, "clock" | "random" | "log">): Operations {
  const { clock, random, log } = system;
  const running = new Map<string, Running>();
  /** Their record could not be written, or so it was said. */
  const notBegun = new Set<string>();
  const closing = new AbortController();

  const get = (id: string): OperationRecord => {
    const record = findOperation(database, id);
    if (record !== undefined) return record;
    throw new BangerError("not_found", "operation_not_found", `no operation has the id ${id}`, { hint: "banger operation list" });
  };

  return {
    get,
    list: () => listOperations(database),
    start(name, subject, work) {
      if (closing.signal.aborted) throw new BangerError("unavailable", "daemon_stopping", `cannot start ${name}: the daemon is stopping`);
      const operationId = random.hex(8);
      const startedAt = Math.trunc(clock.nowMs());
      const record: OperationRecord = { id: operationId, name, subject, state: "running", startedAt, endedAt: undefined, error: undefined };
      try {
        insertOperation(database, record);
      } catch (error) {
        notBegun.add(operationId);
        throw error;
      }
      const abort = new AbortController();
      const events = makeEventLog({ database, clock, log, operationId, signal: closing.signal });
      const about = (better: string): void => setSubject(database, operationId, better);
      const ended = Promise.resolve()
        .then(() => run({ operationId, signal: abort.signal, events, about, clock, log }, work))
        .finally(() => running.delete(operationId));
      running.set(operationId, { abort, events, ended });
      return record;
    },
    async *watch(id, from, signal) {
      get(id);
      let next = from;
      const stop = aborted(signal);
      while (signal?.aborted !== true) {
        // Taken before reading: what is stored in between resolves it.
        const changed = running.get(id)?.events.changed;
        const events = readEvents(database, id, next, PAGE);
        yield* events;
        next += events.length;
        if (events.at(-1)?.type === "outcome" || (events.length === 0 && changed === undefined)) return;
        if (events.length === 0) await Promise.race([changed, stop]);
      }
    },
    async cancel(id) {
      get(id);
      const found = running.get(id);
      if (found?.abort.signal.aborted === false) {
        // Who watches learns that it was heard, before the work has come to its end.
        found.events.append({ type: "notice", message: ASKED_TO_STOP });
        found.abort.abort(new BangerError("cancelled", "operation_cancelled", `${wordsOf(get(id))} was cancelled`));
      }
      await found?.ended;
      return get(id);
    },
    measureEnded: (beforeMs, without) => measureEnded(database, beforeMs, without),
    forgetEnded: (beforeMs) => forgetEnded(database, beforeMs),
    reconcile() {
      for (const record of listRunning(database)) {
        if (running.has(record.id)) continue;
        buryOperation(database, record.id, Math.trunc(clock.nowMs()), notBegun.has(record.id) ? notRecorded() : daemonDied(record.name));
      }
      notBegun.clear();
    },
    async close() {
      closing.abort();
      for (const [id, { abort }] of running) {
        abort.abort(new BangerError("cancelled", "daemon_stopping", `${wordsOf(get(id))} was cancelled: the daemon is stopping`));
      }
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** `vm create dev`: as it would be typed. */
function wordsOf({ name, subject }: Pick<OperationRecord, "name" | "subject">): string {
  return `${name.replace(".", " ")}${subject === "" ? "" : ` ${subject}`}`;
}

function daemonDied(name: string): BangerError {
  return new BangerError("unavailable", "daemon_died", "the operation did not finish: the daemon ended while it ran", {
    hint: hintAfterDeath(name),
  });
}

function notRecorded(): BangerError {
  return new BangerError("unavailable", "operation_not_recorded", "the operation did not begin: it could not be recorded", {
    hint: "try again",
  });
}

function buryOperation(database: Database, id: string, nowMs: number, why: BangerError): void {
  const error: ErrorShape = why.toShape();
  database.transaction(() => {
    const event: OperationEvent = { seq: countEvents(database, id), at: nowMs, type: "outcome", ok: false, error };
    insertEvent(database, id, event);
    endOperation(database, id, { state: "failed", endedAt: nowMs, error });
  });
}

/** Resolves when the signal aborts; never without one. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted === true) resolve();
  signal?.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
