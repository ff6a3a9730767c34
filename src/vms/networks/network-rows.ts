/** The table `networks`: what vms can have in common. A number is never used again: the kernel may remember it for a moment. */
import { BangerError } from "../../contract/errors.ts";
import type { Database, Migration } from "../../system/system.ts";

export const NETWORK_MIGRATIONS: readonly Migration[] = [
  {
    number: 30,
    name: "networks of vms",
    sql: `CREATE TABLE networks (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT`,
  },
];

export interface NetworkRow {
  /** By which the rules know it. */
  readonly number: number;
  readonly name: string;
  readonly createdAt: number;
}

export interface NetworkRows {
  /** Throws `exists` `network_exists`. */
  insert(name: string, createdAt: number): NetworkRow;
  find(name: string): NetworkRow | undefined;
  /** Throws `not_found` `network_not_found`. */
  get(name: string): NetworkRow;
  remove(name: string): void;
  /** By name. */
  list(): readonly NetworkRow[];
}

export function makeNetworkRows(database: Database): NetworkRows {
  const find: NetworkRows["find"] = (name) => {
    const row = database.first("SELECT * FROM networks WHERE name = ?", name);
    return row === undefined ? undefined : rowOf(row);
  };
  const get: NetworkRows["get"] = (name) => {
    const row = find(name);
    if (row !== undefined) return row;
    throw new BangerError("not_found", "network_not_found", `there is no network ${name}`, { hint: "banger network list" });
  };
  return {
    insert: (name, createdAt) => {
      if (find(name) !== undefined)
        throw new BangerError("exists", "network_exists", `cannot create network ${name}: there is one of that name already`, {
          hint: `banger vm create --network ${name}`,
        });
      database.run("INSERT INTO networks (name, created_at) VALUES (?, ?)", name, createdAt);
      return get(name);
    },
    find,
    get,
    remove: (name) => database.run("DELETE FROM networks WHERE name = ?", name),
    list: () => database.all("SELECT * FROM networks ORDER BY name").map(rowOf),
  };
}

function rowOf({ number, name, created_at }: Readonly<Record<string, unknown>>): NetworkRow {
  return { number: Number(number), name: String(name), createdAt: Number(created_at) };
}
