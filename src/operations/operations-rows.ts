/** The tables of operations and their events. */
import type { ErrorShape } from "../contract/errors.ts";
import type { EventBody, OperationEvent } from "../contract/events.ts";
import type { Database, Row } from "../system/database.ts";
import type { Migration } from "../system/system.ts";
import { LEASES_MIGRATION } from "./leases-rows.ts";
import type { OperationRecord } from "./operations.ts";

/** The tables of the whole room. */
export const OPERATIONS_MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: "operations and their events",
    sql: `
CREATE TABLE operations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  error TEXT
) STRICT;
CREATE INDEX operations_by_end ON operations (ended_at);
CREATE TABLE events (
  operation_id TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (operation_id, seq)
) STRICT, WITHOUT ROWID;
`,
  },
  LEASES_MIGRATION,
];

/** How an operation ended. */
export interface Ending {
  readonly state: "done" | "failed" | "cancelled";
  readonly endedAt: number;
  readonly error: ErrorShape | undefined;
}

export function insertOperation(database: Database, record: OperationRecord): void {
  database.run(
    "INSERT INTO operations (id, name, subject, state, started_at) VALUES (?, ?, ?, ?, ?)",
    record.id,
    record.name,
    record.subject,
    record.state,
    record.startedAt,
  );
}

export function setSubject(database: Database, id: string, subject: string): void {
  database.run("UPDATE operations SET subject = ? WHERE id = ?", subject, id);
}

export function endOperation(database: Database, id: string, { state, endedAt, error }: Ending): void {
  const text = error === undefined ? null : JSON.stringify(error);
  database.run("UPDATE operations SET state = ?, ended_at = ?, error = ? WHERE id = ?", state, endedAt, text, id);
}

export function findOperation(database: Database, id: string): OperationRecord | undefined {
  const row = database.first("SELECT * FROM operations WHERE id = ?", id);
  return row === undefined ? undefined : recordOf(row);
}

/** The newest first. */
export function listOperations(database: Database): readonly OperationRecord[] {
  return database.all("SELECT * FROM operations ORDER BY started_at DESC, rowid DESC").map(recordOf);
}

export function listRunning(database: Database): readonly OperationRecord[] {
  return database.all("SELECT * FROM operations WHERE state = 'running'").map(recordOf);
}

/** Forgets the oldest ended operations, so that `keep` ended ones remain. */
export function pruneOperations(database: Database, keep: number): void {
  database.run(
    `DELETE FROM operations WHERE id IN
      (SELECT id FROM operations WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
    keep,
  );
}

/** Ended operations of other names that ended before a time, and the bytes of their events. */
export function measureEnded(database: Database, beforeMs: number, without: readonly string[]) {
  const row = database.first(
    `SELECT count(DISTINCT operations.id) AS count, coalesce(sum(length(body)), 0) AS bytes, coalesce(max(ended_at), 0) AS last
      FROM operations LEFT JOIN events ON operation_id = operations.id WHERE ended_at < ? AND name NOT IN (SELECT value FROM json_each(?))`,
    beforeMs,
    JSON.stringify(without),
  );
  return { count: Number(row?.["count"] ?? 0), bytes: Number(row?.["bytes"] ?? 0), lastEndedAt: Number(row?.["last"] ?? 0) };
}

/** Forgets operations that ended before a time, with their events. */
export function forgetEnded(database: Database, beforeMs: number): void {
  database.run("DELETE FROM operations WHERE ended_at < ?", beforeMs);
}

export function insertEvent(database: Database, id: string, event: OperationEvent): void {
  const { seq, at, ...body } = event;
  // Storing is tried again when it failed, and it may have been done all the same.
  database.run("INSERT OR REPLACE INTO events (operation_id, seq, at, body) VALUES (?, ?, ?, ?)", id, seq, at, JSON.stringify(body));
}

/** At most `limit` events from number `from` on. */
export function readEvents(database: Database, id: string, from: number, limit: number): readonly OperationEvent[] {
  return database
    .all("SELECT seq, at, body FROM events WHERE operation_id = ? AND seq >= ? ORDER BY seq LIMIT ?", id, from, limit)
    .map(({ seq, at, body }) => ({ seq: Number(seq), at: Number(at), ...(JSON.parse(String(body)) as EventBody) }));
}

/** How many events an operation has: the number of the next. */
export function countEvents(database: Database, id: string): number {
  return Number(database.first("SELECT count(*) AS n FROM events WHERE operation_id = ?", id)?.["n"] ?? 0);
}

function recordOf(row: Row): OperationRecord {
  return {
    id: String(row["id"]),
    name: String(row["name"]),
    subject: String(row["subject"]),
    state: String(row["state"]) as OperationRecord["state"],
    startedAt: Number(row["started_at"]),
    endedAt: row["ended_at"] === null ? undefined : Number(row["ended_at"]),
    error: row["error"] === null ? undefined : (JSON.parse(String(row["error"])) as ErrorShape),
  };
}
