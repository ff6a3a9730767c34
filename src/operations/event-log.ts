import type { EventBody, OperationEvent } from "../contract/events.ts";
import type { Clock, Database, Log } from "../system/system.ts";
import { endOperation, insertEvent, pruneOperations, type Ending } from "./operations-rows.ts";

/** Ended operations that are kept. */
const KEPT_OPERATIONS = 1000;

/**
 * Ten times a second for as long as an operation takes: the disk is not waited for, which would hold up everybody who asks the daemon something
 * while much is written. A loss of power ends whoever was told of them, too.
 */
const PASSING: ReadonlySet<EventBody["type"]> = new Set(["progress", "output"]);

/** After a failure to store; doubled for each that follows. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;
/** So many failures in a row, some seconds, and who waits is told that nothing can be stored. */
const PATIENCE = 6;

/**
 * The events of one running operation. They are stored in groups, with one sync to disk for each that says more than how far it is, and told only then. What cannot be
 * stored is kept and tried again, until it can be or the daemon ends.
 */
export interface EventLog {
  append(body: EventBody): void;
  /** Stores what is left together with the end; resolves when that is done, or given up. Nothing can be appended afterwards. */
  end(outcome: EventBody, ending: Ending): Promise<void>;
  /** Resolves when more is stored, or rejects when storing fails again and again. A new one after each time. */
  readonly changed: Promise<void>;
}

export interface EventLogParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly operationId: string;
  /** Ends the trying. */
  readonly signal: AbortSignal;
}

export function makeEventLog({ database, clock, log, operationId, signal }: EventLogParts): EventLog {
  let next = 0;
  let pending: OperationEvent[] = [];
  let ending: Ending | undefined;
  let storing: Promise<void> | undefined;
  let change = Promise.withResolvers<void>();

  const store = (): void => {
    const isPassing = ending === undefined && pending.every(({ type }) => PASSING.has(type));
    database.transaction(
      () => {
        for (const event of pending) insertEvent(database, operationId, event);
        if (ending === undefined) return;
        endOperation(database, operationId, ending);
        pruneOperations(database, KEPT_OPERATIONS);
      },
      isPassing ? "our death" : "power loss",
    );
    pending = [];
    const told = change;
    change = Promise.withResolvers();
    told.resolve();
  };
  const tellFailure = (error: unknown): void => {
    const told = change;
    change = Promise.withResolvers();
    // Without a watcher nobody would handle it.
    told.promise.catch(() => undefined);
    told.reject(error);
  };
  /** In a moment, so that what comes at once is stored at once. */
  const storeSoon = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    for (let failures = 0; pending.length > 0;) {
      try {
        store();
      } catch (error) {
        failures += 1;
        log.error("cannot store events; they are kept for the next try", { operationId, error });
        if (failures >= PATIENCE) tellFailure(error);
        try {
          await clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), signal);
        } catch {
          return; // the daemon ends; the next one says what became of the operation
        }
      }
    }
  };
  const add = (body: EventBody): Promise<void> => {
    pending.push({ ...body, seq: next, at: Math.trunc(clock.nowMs()) });
    next += 1;
    return (storing ??= storeSoon().finally(() => {
      storing = undefined;
    }));
  };

  return {
    get changed() {
      return change.promise;
    },
    append(body) {
      if (ending === undefined) void add(body);
    },
    async end(outcome, how) {
      ending = how;
      await add(outcome);
      // Nothing will change any more: who asks from now on looks once more and finds the end.
      change.resolve();
    },
  };
}
