/**
 * SQLite, through `node:sqlite`: WAL and synchronous FULL, so that what was acknowledged survives power loss. Migrations are
 * numbered and checksummed; a database from the future, or one whose past differs from ours, is refused untouched. Before an
 * older one is changed, a copy of it is kept.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { BangerError, toErrorShape } from "../contract/errors.ts";
import { backUpDatabase } from "./back-up-database.ts";
import type { Ballast } from "./ballast.ts";
import type { Migration } from "./system.ts";

/** 1 MiB: the records of some hundred operations, of which the oldest go. */
const RESERVED_PAGES = 256;

export type SqlValue = string | number | bigint | null | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

/** What a change outlives. */
export type Lasting = "power loss" | "our death";

export interface Database extends Disposable {
  /** Runs a statement; returns the number of rows changed. */
  run(sql: string, ...values: SqlValue[]): number;
  /** All rows. */
  all(sql: string, ...values: SqlValue[]): readonly Row[];
  /** The first row, or undefined. */
  first(sql: string, ...values: SqlValue[]): Row | undefined;
  /**
   * Runs `body` in one transaction, committed when it returns, rolled back when it throws. On a full disk it may run twice.
   * @param lasts what it outlives: a loss of power, for which the disk is waited for; or our own death alone, where what is lost with the
   *   computer is of no use after it. The next transaction that outlives more takes it along, and none is ever kept without those before it.
   */
  transaction<T>(body: () => T, lasts?: Lasting): T;
}

/**
 * Opens or makes the database at `path` and brings it to the newest of `migrations`.
 * @param ballast given back when the disk is full, and the change tried once more.
 */
export function openDatabase(path: string, migrations: readonly Migration[], ballast?: Ballast): Database {
  const sqlite = new DatabaseSync(path);
  try {
    sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;");
    const database = wrap(sqlite, ballast);
    migrate(database, path, migrations);
    if (ballast !== undefined) reserve(sqlite);
    ballast?.restore();
    return database;
  } catch (error) {
    sqlite.close();
    throw isDamage(error) ? damaged(path, error) : error;
  }
}

/** SQLite's words for a file that is none of its own, or that has become none. */
function isDamage(error: unknown): error is Error {
  return error instanceof Error && /file is not a database|database disk image is malformed/.test(error.message);
}

function damaged(path: string, cause: Error): BangerError {
  return new BangerError("unavailable", "database_damaged", `cannot open the database ${path}: it is damaged: ${cause.message}`, {
    // Alone it must not be moved: a daemon that knows of no vms removes their disks.
    hint: `put a copy of it back, or begin anew: mv ${dirname(path)} ${dirname(path)}.damaged, which keeps the disks of the vms`,
    cause,
  });
}

/** Opens what is there, and changes nothing: neither the schema nor a row. */
export function openDatabaseToRead(path: string): Database {
  const sqlite = new DatabaseSync(path, { readOnly: true });
  try {
    // Only now it is looked into.
    sqlite.exec("PRAGMA schema_version");
    return wrap(sqlite, undefined);
  } catch (error) {
    sqlite.close();
    throw isDamage(error) ? damaged(path, error) : error;
  }
}

function wrap(sqlite: DatabaseSync, ballast: Ballast | undefined): Database {
  const prepared = new Map<string, StatementSync>();
  let depth = 0;
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = sqlite.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  const insist = <T>(change: () => T): T => {
    try {
      const result = change();
      ballast?.restore();
      return result;
    } catch (error) {
      if (toErrorShape(error).code !== "host_enospc") throw error;
      ballast?.release();
      // Begun anew, the journal has the room that it took before.
      sqlite.exec("PRAGMA wal_checkpoint(RESTART)");
      return change();
    }
  };
  const commit = <T>(body: () => T): T => {
    sqlite.exec("BEGIN IMMEDIATE");
    depth += 1;
    try {
      const result = body();
      sqlite.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite may have done so by itself.
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
      throw error;
    } finally {
      depth -= 1;
    }
  };
  /** The journal is then written and not synced. */
  const unsynced = <T>(body: () => T): T => {
    sqlite.exec("PRAGMA synchronous = NORMAL");
    try {
      return body();
    } finally {
      sqlite.exec("PRAGMA synchronous = FULL");
    }
  };
  return {
    run: (sql, ...values) => {
      const change = (): number => Number(prepare(sql).run(...values).changes);
      return depth > 0 ? change() : insist(change);
    },
    all: (sql, ...values) => prepare(sql).all(...values),
    first: (sql, ...values) => prepare(sql).get(...values) ?? undefined,
    transaction(body, lasts = "power loss") {
      if (depth > 0) return body();
      return insist(() => (lasts === "power loss" ? commit(body) : unsynced(() => commit(body))));
    },
    [Symbol.dispose]: () => sqlite.close(),
  };
}

/**
 * Makes the file larger than what is in it: the journal can then be written back on a full disk, too. Random, since some filesystems
 * store no zeros; in steps, since SQLite does not write what is gone before it was written.
 */
function reserve(sqlite: DatabaseSync): void {
  const release = (): void => sqlite.exec("DROP TABLE IF EXISTS reserve");
  // Of a daemon that died in the middle of this.
  release();
  const pages = Number(sqlite.prepare("PRAGMA page_count").get()?.["page_count"]);
  if (pages >= RESERVED_PAGES) return;
  try {
    sqlite.exec("CREATE TABLE reserve (bytes BLOB)");
    sqlite.exec(`INSERT INTO reserve VALUES (randomblob(${RESERVED_PAGES * 4096}))`);
    sqlite.exec("PRAGMA wal_checkpoint(RESTART)");
  } catch (error) {
    if (toErrorShape(error).code !== "host_enospc") throw error;
  } finally {
    release();
  }
}

function migrate(database: Database, path: string, migrations: readonly Migration[]): void {
  database.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT");
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  const applied = new Set<number>();
  for (const row of database.all("SELECT number, name, sha256 FROM migrations ORDER BY number")) {
    const number = Number(row["number"]);
    const migration = known.get(number);
    if (migration === undefined || checksum(migration) !== row["sha256"]) {
      throw new BangerError(
        "refused",
        "database_from_another_version",
        `cannot open the database ${path}: its migration ${number} (${String(row["name"])}) is not known to this version of banger`,
        { hint: "use the version of banger that wrote it, or another BANGER_HOME" },
      );
    }
    applied.add(number);
  }
  const missing = migrations.filter(({ number }) => !applied.has(number)).toSorted((a, b) => a.number - b.number);
  // A new one holds nothing yet.
  if (missing[0] !== undefined && applied.size > 0) backUpDatabase(database, path, missing[0].number);
  for (const migration of missing) {
    database.transaction(() => {
      for (const statement of statementsOf(migration.sql)) database.run(statement);
      database.run("INSERT INTO migrations VALUES (?, ?, ?)", migration.number, migration.name, checksum(migration));
    });
  }
}

/** Statements are parted by a semicolon at the end of a line; ours hold no such text inside literals. */
function statementsOf(sql: string): readonly string[] {
  return sql
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function checksum(migration: Migration): string {
  return createHash("sha256").update(migration.sql).digest("hex");
}
