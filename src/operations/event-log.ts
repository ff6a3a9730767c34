import type { EventBody, OperationEvent } from "../contract/events.ts";
import type { Clock, Database, Log } from "../system/system.ts";
import { endOperation, insertEvent, pruneOperations, type Ending } from "./operations-rows.ts";

/** Ended operations that are kept. */
const KEPT_OPERATIONS = 1000;

/** The events of one running operation. They are stored in groups, one sync to disk for each, and told only then. */
export interface EventLog {
  append(body: EventBody): void;
  /** Stores what is left together with the end. Nothing can be appended afterwards. */
  end(outcome: EventBody, ending: Ending): void;
  /** Resolves when more is stored, or rejects when storing failed for good. A new one after each time. */
  readonly changed: Promise<void>;
}

export interface EventLogParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly operationId: string;
}

export function makeEventLog({ database, clock, log, operationId }: EventLogParts): EventLog {
  let next = 0;
  let pending: OperationEvent[] = [];
  let hasEnded = false;
  let timer: NodeJS.Immediate | undefined;
  let change = Promise.withResolvers<void>();

  const number = (body: EventBody): void => {
    pending.push({ ...body, seq: next, at: Math.trunc(clock.nowMs()) });
    next += 1;
  };
  const store = (also: () => void = () => undefined): void => {
    database.transaction(() => {
      for (const event of pending) insertEvent(database, operationId, event);
      also();
    });
    pending = [];
    const told = change;
    change = Promise.withResolvers();
    told.resolve();
  };
  const storeLater = (): void => {
    timer = undefined;
    try {
      store();
    } catch (error) {
      log.error("cannot store events; they are kept for the next try", { operationId, error });
    }
  };

  return {
    get changed() {
      return change.promise;
    },
    append(body) {
      if (hasEnded) return;
      number(body);
      timer ??= setImmediate(storeLater);
    },
    end(outcome, ending) {
      clearImmediate(timer);
      number(outcome);
      hasEnded = true;
      try {
        store(() => {
          endOperation(database, operationId, ending);
          pruneOperations(database, KEPT_OPERATIONS);
        });
        // Nothing will change any more: who asks from now on looks once more and finds the end.
        change.resolve();
      } catch (error) {
        log.error("cannot store the end of an operation", { operationId, error });
        // Without a watcher nobody would handle it, and one who comes later gets it all the same.
        change.promise.catch(() => undefined);
        change.reject(error);
      }
    },
  };
}
