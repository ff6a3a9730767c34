import type { Database } from "../system/database.ts";
import type { Migration } from "../system/system.ts";
import type { Lease, Leases } from "./operations.ts";

export const LEASES_MIGRATION: Migration = {
  number: 2,
  name: "leases",
  sql: `
CREATE TABLE leases (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  vm_id TEXT,
  operation_id TEXT,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_vm ON leases (vm_id);
`,
};

/** The leases of a database. */
export function makeLeases(database: Database): Leases {
  return {
    write: ({ kind, key, vmId, operationId }) => {
      database.run("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", kind, key, vmId ?? null, operationId ?? null);
    },
    drop: (kind, key) => {
      database.run("DELETE FROM leases WHERE kind = ? AND key = ?", kind, key);
    },
    dropAllOf: (vmId) => {
      database.run("DELETE FROM leases WHERE vm_id = ?", vmId);
    },
    list: () =>
      database.all("SELECT * FROM leases ORDER BY kind, key").map((row) => ({
        kind: String(row["kind"]) as Lease["kind"],
        key: String(row["key"]),
        vmId: row["vm_id"] === null ? undefined : String(row["vm_id"]),
        operationId: row["operation_id"] === null ? undefined : String(row["operation_id"]),
      })),
  };
}
