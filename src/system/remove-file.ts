import { unlinkSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { isErrno } from "./is-errno.ts";

/** Removes a file, or a link; one that is not there is none. Bun's `rm` would tell each failure as EFAULT, and a broken disk so as a bug. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** The same, at once. */
export function removeFileNow(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
