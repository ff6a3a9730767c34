import { createReadStream, fstatSync } from "node:fs";
import { Readable } from "node:stream";

/**
 * Our stdin. Bun's own reads a file from its beginning, where another program may have read a part of it already; throws at a folder; and
 * forgets the end of what it reads when that comes while it is paused with bytes at hand. Asked for one chunk after another it is never paused.
 * @param isRaw it is a terminal in raw mode. Such a one has no end but its hang-up, and who takes its last answers reads Bun's own.
 */
export function openStdin(descriptor: number, isRaw: boolean): Readable {
  const stat = fstatSync(descriptor);
  if (stat.isFile() || stat.isDirectory()) return createReadStream("", { fd: descriptor, autoClose: false });
  return isRaw ? process.stdin : Readable.from(process.stdin);
}
