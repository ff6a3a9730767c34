/** What a build says when there is no room to build in: tar, gpg and compilers tell it each in its own way, or not at all. */
import { diskFull } from "../../contract/disk-full.ts";
import { BangerError, type ErrorKind } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { BUILD_PLACE } from "./build-folder.ts";

/** With less than this no step gets far. */
const NEXT_TO_NOTHING_BYTES = 2 ** 18;
/** So it is with any room. */
const OF_THE_REQUEST: ReadonlySet<ErrorKind> = new Set(["invalid", "not_found", "exists", "unsupported"]);
const SAYS_SO = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/i;

/** Work in the folder that is built in, which is still there when it fails. Throws `unavailable` `disk_full` where that was why. */
export async function whereThereIsRoom<T>({ files }: System, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BangerError && (error.code === "disk_full" || OF_THE_REQUEST.has(error.kind))) throw error;
    if (!SAYS_SO.test(String(error)) && (await files.freeBytes(BUILD_PLACE)) >= NEXT_TO_NOTHING_BYTES) throw error;
    throw diskFull(`cannot build kernel ${name}`, BUILD_PLACE, error);
  }
}
