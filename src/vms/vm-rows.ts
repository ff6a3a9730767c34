/** The table `vms`. Every write raises the generation and is on disk when it returns. */
import type { Database, Migration } from "../system/system.ts";
import { BangerError } from "../contract/errors.ts";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import { vmState } from "../contract/schemas/vm.ts";
import { vmBoot, vmPlan, type VmRecord } from "./vm-record.ts";

export const VM_MIGRATIONS: readonly Migration[] = [
  {
    number: 10,
    name: "vms",
    sql: `CREATE TABLE vms (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  generation INTEGER NOT NULL,
  problem TEXT,
  plan TEXT NOT NULL,
  boot TEXT,
  created_at INTEGER NOT NULL
) STRICT`,
  },
  {
    number: 11,
    name: "vm labels",
    // A plan that is not JSON is left alone: its vm is shown as broken, with the reason.
    sql: "UPDATE vms SET plan = json_set(plan, '$.labels', json('{}')) WHERE json_valid(plan)",
  },
  {
    number: 12,
    name: "what a vm's guest was given",
    // Until now nothing could be set later, so each guest has what its plan says.
    sql: `UPDATE vms SET boot = json_set(boot, '$.given', json_object(
  'name', name,
  'cpus', json_extract(plan, '$.cpus'),
  'memoryMiB', json_extract(plan, '$.memoryMiB'),
  'layerBytes', json_extract(plan, '$.layerBytes'),
  'workBytes', json_extract(plan, '$.workBytes'),
  'env', json(json_extract(plan, '$.env'))
)) WHERE boot IS NOT NULL AND json_valid(plan) AND json_valid(boot)`,
  },
  {
    number: 13,
    name: "requirements of vms",
    sql: `UPDATE vms SET plan = json_set(plan, '$.requirements', json('[]')) WHERE json_valid(plan);
UPDATE vms SET boot = json_set(boot, '$.requirements', json('[]')) WHERE boot IS NOT NULL AND json_valid(boot);
`,
  },
  {
    number: 14,
    name: "what images say of commands",
    // Nobody has used it so far, and whoever made a vm before may not want its commands to run otherwise.
    sql: `UPDATE vms SET plan = json_set(plan, '$.commands', json('${JSON.stringify(NO_COMMANDS)}')) WHERE json_valid(plan)`,
  },
  {
    number: 15,
    name: "forwarded ports of vms",
    sql: "UPDATE vms SET plan = json_set(plan, '$.forwards', json('[]')) WHERE json_valid(plan)",
  },
  {
    number: 16,
    name: "what the network of vms keeps them from",
    // One that runs keeps the passt that it has, which ends with it.
    sql: `
UPDATE vms SET plan = json_set(plan, '$.unsafeNet', json('false'), '$.allowHost', json('[]'), '$.allowLan', json('[]')) WHERE json_valid(plan);
UPDATE vms SET boot = json_set(boot, '$.networkWhy', '') WHERE boot IS NOT NULL AND json_valid(boot);
UPDATE vms SET boot = json_set(boot, '$.networkMode', 'user', '$.networkWhy', 'an earlier version of banger started it, with passt')
  WHERE boot IS NOT NULL AND json_valid(boot) AND json_extract(boot, '$.networkMode') = 'passt';`,
  },
  {
    number: 17,
    name: "networks that vms have in common",
    sql: `
UPDATE vms SET plan = json_set(plan, '$.network', json('null')) WHERE json_valid(plan);
UPDATE vms SET boot = json_set(boot, '$.given.network', json('null')) WHERE boot IS NOT NULL AND json_valid(boot);`,
  },
];

export type VmChange = Partial<Pick<VmRecord, "name" | "state" | "problem" | "plan" | "boot">>;

/** A row that cannot be read: shown, not hidden. */
export interface UnreadableVm {
  readonly id: string;
  readonly name: string;
  readonly problem: string;
}

export interface VmRows {
  /** Throws `exists` `vm_exists` when the name is taken. */
  insert(record: VmRecord): void;
  /** Throws when the row is gone. */
  update(id: string, change: VmChange): VmRecord;
  /** Writes what may change as it is in `record`. Nothing happens when the row is gone. */
  put(record: VmRecord): void;
  remove(id: string): void;
  find(ref: string): VmRecord | undefined;
  list(): { readonly records: readonly VmRecord[]; readonly unreadable: readonly UnreadableVm[] };
}

type Row = Readonly<Record<string, unknown>>;

export function makeVmRows(database: Database): VmRows {
  const write = ({ id, name, state, problem, plan, boot, generation }: VmRecord): void => {
    database.run(
      "UPDATE vms SET name = ?, state = ?, problem = ?, plan = ?, boot = ?, generation = ? WHERE id = ?",
      name,
      state,
      problem,
      JSON.stringify(plan),
      boot === null ? null : JSON.stringify(boot),
      generation,
      id,
    );
  };
  const byId = (id: string): VmRecord => {
    const row = database.first("SELECT * FROM vms WHERE id = ?", id);
    if (row === undefined) throw new Error(`vm ${id} has no row`);
    return parseRow(row);
  };
  return {
    insert: (record) => {
      if (database.first("SELECT id FROM vms WHERE name = ?", record.name) !== undefined) {
        throw new BangerError("exists", "vm_exists", `cannot create vm ${record.name}: there is one of that name already`, {
          hint: `banger vm show ${record.name}, or take another name`,
        });
      }
      database.run(
        "INSERT INTO vms (id, name, state, generation, problem, plan, boot, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        record.id,
        record.name,
        record.state,
        record.generation,
        record.problem,
        JSON.stringify(record.plan),
        record.boot === null ? null : JSON.stringify(record.boot),
        record.createdAt,
      );
    },
    update: (id, change) => {
      const old = byId(id);
      const next = { ...old, ...change, generation: old.generation + 1 };
      write(next);
      return next;
    },
    put: (record) => write({ ...record, generation: record.generation + 1 }),
    remove: (id) => {
      database.run("DELETE FROM vms WHERE id = ?", id);
    },
    find: (ref) => {
      const row = database.first("SELECT * FROM vms WHERE name = ?1 OR id = ?1 ORDER BY name = ?1 DESC", ref);
      return row === undefined ? undefined : parseRow(row);
    },
    list: () => {
      const records: VmRecord[] = [];
      const unreadable: UnreadableVm[] = [];
      for (const row of database.all("SELECT * FROM vms ORDER BY created_at, id")) {
        try {
          records.push(parseRow(row));
        } catch (error) {
          unreadable.push({ id: String(row["id"]), name: String(row["name"]), problem: `its record cannot be read: ${String(error)}` });
        }
      }
      return { records, unreadable };
    },
  };
}

function parseRow(row: Row): VmRecord {
  return {
    id: String(row["id"]),
    name: String(row["name"]),
    state: vmState.parse(row["state"]),
    generation: Number(row["generation"]),
    problem: row["problem"] === null ? null : String(row["problem"]),
    plan: vmPlan.parse(JSON.parse(String(row["plan"]))),
    boot: row["boot"] === null ? null : vmBoot.parse(JSON.parse(String(row["boot"]))),
    createdAt: Number(row["created_at"]),
  };
}
