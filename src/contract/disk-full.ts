/** A disk without room, told by what could not be done and which disk it is. */
import { BangerError } from "./errors.ts";
import { isSystemError } from "./system-error.ts";

/** No room, or none for us. */
const FULL: Readonly<Record<string, string>> = { ENOSPC: "is full", EDQUOT: "has no room left for you: your quota is used up" };

/** @param what could not be done, from "cannot" on. @param folder that was written to. */
export function diskFull(what: string, folder: string, cause: unknown, why = "is full"): BangerError {
  return new BangerError("unavailable", "disk_full", `${what}: the disk that holds ${folder} ${why}`, {
    hint: `make room there: df -h ${folder}; banger system prune`,
    cause,
  });
}

/** Work that writes into a folder: for want of room it fails by `unavailable` `disk_full`, else as it does. */
export async function onDisk<T>(what: string, folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const first = firstOf(error);
    const why = isSystemError(first) ? FULL[first.code] : undefined;
    throw why === undefined ? error : diskFull(what, folder, error, why);
  }
}

/** What work failed with, though tidying up after it may have failed as well. */
export function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? error.suppressed : error;
}
