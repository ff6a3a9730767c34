import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "./database.ts";

const first = { number: 1, name: "first", sql: "CREATE TABLE a (x INTEGER) STRICT;\nCREATE TABLE b (y TEXT) STRICT" };
const second = { number: 10, name: "second", sql: "ALTER TABLE a ADD COLUMN z TEXT" };
const between = { number: 2, name: "between", sql: "CREATE TABLE c (x INTEGER) STRICT" };
const fresh = (): string => join(mkdtempSync(join(tmpdir(), "banger-database-")), "db");

describe("the database", () => {
  test("is brought to the newest migration, each applied once", () => {
    const path = fresh();
    openDatabase(path, [first])[Symbol.dispose]();
    using database = openDatabase(path, [first, second]);
    database.run("INSERT INTO a VALUES (?, ?)", 1, "one");
    expect(database.all("SELECT * FROM a")).toEqual([{ x: 1, z: "one" }]);
    expect(database.first("SELECT * FROM b")).toBeUndefined();
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
});
