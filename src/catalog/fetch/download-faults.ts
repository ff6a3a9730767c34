/** What can be wrong with any download, in one set of words. */
import { diskFull } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { shownUrl } from "./shown-url.ts";

/** Worth another try. */
export function truncated(url: string, doneBytes: number, totalBytes: number): BangerError {
  return new BangerError(
    "unavailable",
    "download_truncated",
    `cannot fetch ${shownUrl(url)}: the connection ended after ${doneBytes} of ${totalBytes} bytes`,
  );
}

export function longerThanAllowed(url: string, maxBytes: number): BangerError {
  return new BangerError(
    "refused",
    "longer_than_allowed",
    `cannot use ${shownUrl(url)}: it has more than the ${maxBytes} bytes such a file may have`,
    { hint: "look whether that is the address you mean, and whether a login page answers in its place" },
  );
}

/** Throws `unavailable` `disk_full` where the downloads have no room for so many bytes more. */
export async function requireSpace({ files, layout }: System, bytes: number, url: string): Promise<void> {
  const free = await files.freeBytes(layout.downloads);
  if (free >= bytes) return;
  const why = `has room for ${free} bytes, and it needs ${bytes}`;
  throw diskFull(`cannot fetch ${shownUrl(url)}`, layout.downloads, undefined, why);
}
