/** A copy of a database as it was before a newer version of banger changes its tables: whoever goes back to the older version puts it back. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Database } from "./database.ts";
import { removeFileNow } from "./remove-file.ts";

/** Older ones go: each holds every operation that was remembered then. */
const KEPT = 3;

/**
 * Copies the database at `path` to `PATH.before-N`, whole and synced before it gets that name.
 * @param next number of the migration that comes.
 */
export function backUpDatabase(database: Database, path: string, next: number): void {
  const folder = dirname(path);
  const target = `${path}.before-${next}`;
  const draft = `${target}.new`;
  removeFileNow(draft);
  database.run("VACUUM INTO ?", draft);
  sync(draft);
  renameSync(draft, target);
  sync(folder);
  for (const name of listBackups(path).slice(0, -KEPT)) removeFileNow(join(folder, name));
}

/** Names of the copies of the database at `path`, the oldest first. */
function listBackups(path: string): readonly string[] {
  const start = `${basename(path)}.before-`;
  const numberOf = (name: string): number => Number(name.slice(start.length));
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(start) && Number.isInteger(numberOf(name)))
    .toSorted((a, b) => numberOf(a) - numberOf(b));
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
