/** Which sizes a disk can have. Pure. */
import { BangerError } from "../contract/errors.ts";

/** Journal and tables fit, with room for something. */
export const DISK_MIN_BYTES = 256 * 2 ** 20;
/** What ext4 can address with blocks of 4 KiB and what a file on ext4 can have. */
export const DISK_MAX_BYTES = 16 * 2 ** 40 - 4096;

const BLOCK_BYTES = 4096;

/** The bytes a disk of the wanted size really gets: whole blocks. Throws `invalid` `bad_disk_size`. */
export function requireDiskSize(what: string, bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes < DISK_MIN_BYTES || bytes > DISK_MAX_BYTES) {
    throw new BangerError("invalid", "bad_disk_size", `cannot make ${what} of ${bytes} bytes: a disk has from 256M to 16T`, {
      hint: "choose a size such as 20G; a disk takes no room on the host until the guest fills it",
    });
  }
  return bytes - (bytes % BLOCK_BYTES);
}
