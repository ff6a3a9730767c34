import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDatabase, type Database } from "./database.ts";

const first = { number: 1, name: "first", sql: "CREATE TABLE a (x INTEGER) STRICT;\nCREATE TABLE b (y TEXT) STRICT" };
const second = { number: 10, name: "second", sql: "ALTER TABLE a ADD COLUMN z TEXT" };
const between = { number: 2, name: "between", sql: "CREATE TABLE c (x INTEGER) STRICT" };
const top = mkdtempSync(join(tmpdir(), "banger-database-"));
const fresh = (): string => join(mkdtempSync(join(top, "one-")), "db");
afterAll(() => rmSync(top, { recursive: true }));

describe("the database", () => {
  test("is brought to the newest migration, each applied once", () => {
    const path = fresh();
    openDatabase(path, [first])[Symbol.dispose]();
    using database = openDatabase(path, [first, second]);
    database.run("INSERT INTO a VALUES (?, ?)", 1, "one");
    expect(database.all("SELECT * FROM a")).toEqual([{ x: 1, z: "one" }]);
    expect(database.first("SELECT * FROM b")).toBeUndefined();
  });

  test("waits for the disk unless a change is of use to nobody after a loss of power, and does so again afterwards", () => {
    using database = openDatabase(fresh(), [first]);
    const [full, normal] = [{ synchronous: 2 }, { synchronous: 1 }];
    const how = () => database.first("PRAGMA synchronous");
    const insert = (x: number) => {
      database.run("INSERT INTO a VALUES (?)", x);
      return how();
    };
    expect(database.transaction(() => insert(1))).toEqual(full);
    expect(database.transaction(() => insert(2), "our death")).toEqual(normal);
    expect(how()).toEqual(full);
    const fail = (): never => {
      insert(3);
      throw new Error("no");
    };
    expect(() => database.transaction(fail, "our death")).toThrow("no");
    expect(how()).toEqual(full);
    // Within another it is that one's.
    expect(database.transaction(() => database.transaction(() => insert(4), "our death"))).toEqual(full);
    expect(database.all("SELECT x FROM a ORDER BY x")).toEqual([{ x: 1 }, { x: 2 }, { x: 4 }]);
  });

  test("takes a migration of another room's range later", () => {
    const path = fresh();
    openDatabase(path, [first, second])[Symbol.dispose]();
    using database = openDatabase(path, [first, between, second]);
    expect(database.all("SELECT * FROM c")).toEqual([]);
  });

  test("from the future is refused untouched", () => {
    const path = fresh();
    openDatabase(path, [first, second])[Symbol.dispose]();
    const before = readFileSync(path);
    expect(() => openDatabase(path, [first])).toThrow(/migration 10 \(second\) is not known/);
    expect(() => openDatabase(path, [{ ...first, sql: "SELECT 1" }, second])).toThrow(/migration 1 \(first\)/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("is copied as it was before it is changed, and not when there is nothing to change", () => {
    const path = fresh();
    const folder = dirname(path);
    {
      using database = openDatabase(path, [first]);
      database.run("INSERT INTO a VALUES (7)");
    }
    openDatabase(path, [first])[Symbol.dispose]();
    expect(readdirSync(folder)).toEqual(["db"]);
    writeFileSync(`${path}.before-2.new`, "cut off");
    openDatabase(path, [first, between, second])[Symbol.dispose]();
    expect(readdirSync(folder).toSorted()).toEqual(["db", "db.before-2"]);
    // The older version finds what it left.
    copyFileSync(`${path}.before-2`, path);
    using old = openDatabase(path, [first]);
    expect(old.all("SELECT * FROM a")).toEqual([{ x: 7 }]);
  });

  test("keeps the newest copies alone", () => {
    const path = fresh();
    const more = Array.from({ length: 12 }, (_, index) => ({
      number: index + 2,
      name: `t${index}`,
      sql: `CREATE TABLE t${index} (x INTEGER) STRICT`,
    }));
    for (let count = 0; count <= more.length; count += 1) openDatabase(path, [first, ...more.slice(0, count)])[Symbol.dispose]();
    expect(readdirSync(dirname(path)).toSorted()).toEqual(["db", "db.before-11", "db.before-12", "db.before-13"]);
  });

  test.each([
    ["of something else", Buffer.alloc(9000, "no database ")],
    ["whose pages were overwritten", undefined],
  ])("%s is told as damaged, and left as it is", (_name, bytes) => {
    const path = fresh();
    openDatabase(path, [first])[Symbol.dispose]();
    const before = bytes ?? readFileSync(path).fill(0xa5, 100);
    writeFileSync(path, before);
    expect(() => openDatabase(path, [first])).toThrow(expect.objectContaining({ code: "database_damaged", kind: "unavailable" }));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("keeps nothing of a transaction that throws", () => {
    using database = openDatabase(fresh(), [first]);
    expect(() =>
      database.transaction(() => {
        database.run("INSERT INTO a VALUES (1)");
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(database.all("SELECT * FROM a")).toEqual([]);
  });

  test("has room in its file for what is in the journal", () => {
    const path = fresh();
    const ballast = { release: () => false, restore: () => undefined };
    const cut = openDatabase(path, [first], ballast);
    cut.run("CREATE TABLE reserve (bytes BLOB)");
    cut.run("INSERT INTO reserve VALUES (randomblob(1048576))");
    cut[Symbol.dispose]();
    using database = openDatabase(path, [first], ballast);
    expect(statSync(path).size).toBeGreaterThan(2 ** 20);
    expect(Number(database.first("PRAGMA freelist_count")?.["freelist_count"])).toBeGreaterThan(200);
    expect(database.all("SELECT name FROM sqlite_schema WHERE name = ?", "reserve")).toEqual([]);
  });

  test("gives its ballast back when the disk is full, and goes on", () => {
    let held = 0;
    const room = "PRAGMA max_page_count = 100000";
    using database: Database = openDatabase(fresh(), [first], {
      release: () => {
        if (held === 0) return false;
        held = 0;
        database.first(room);
        return true;
      },
      restore: () => undefined,
    });
    const fill = (): void => void database.run("INSERT INTO b VALUES (?)", "x".repeat(2_000_000));
    const full = /database or disk is full/;
    database.first("PRAGMA max_page_count = 1");
    expect(fill).toThrow(full);
    expect(() => database.transaction(fill)).toThrow(full);
    held = 1;
    fill();
    database.first("PRAGMA max_page_count = 1");
    held = 1;
    database.transaction(() => {
      fill();
      database.run("INSERT INTO a VALUES (1)");
    });
    expect(database.all("SELECT * FROM a")).toEqual([{ x: 1 }]);
    expect(database.all("SELECT length(y) AS n FROM b")).toEqual([{ n: 2_000_000 }, { n: 2_000_000 }]);
  });
});
