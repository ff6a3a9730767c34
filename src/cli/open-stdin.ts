import { createReadStream, fstatSync } from "node:fs";
import type { Readable } from "node:stream";

/** Our stdin. Bun's own reads a file from its beginning, where another program may have read a part of it already; and throws at a folder. */
export function openStdin(descriptor: number): Readable {
  const stat = fstatSync(descriptor);
  return stat.isFile() || stat.isDirectory() ? createReadStream("", { fd: descriptor, autoClose: false }) : process.stdin;
}
