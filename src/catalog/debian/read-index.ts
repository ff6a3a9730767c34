/** An index out of the download cache. It is hashed once more as it is read: what was exchanged since it was verified is not used. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { exchanged } from "../fetch/exchanged.ts";
import { decompress, type DecompressLimits } from "../unpack/decompress.ts";

/**
 * What `read` makes of the unpacked index, all of which it has to take. Throws `refused` `digest_mismatch`, what unpacking throws, and
 * what `read` throws where the file is the one that was verified.
 */
export async function readIndex<T>(
  system: System,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
  limits: DecompressLimits,
  read: (index: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const hash = createHash("sha256");
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const part of system.files.openRead(path) as AsyncIterable<Uint8Array>) {
      hash.update(part);
      yield part;
    }
  };
  let found: T;
  try {
    found = await read(decompress(system, Readable.from(hashed(), { objectMode: false }), "xz", limits));
  } catch (error) {
    if (error instanceof BangerError && error.kind !== "refused" && error.kind !== "invalid") throw error;
    // Of a file that was exchanged it is of no interest what is wrong inside.
    if ((await system.files.sha256(path, limits.signal)) !== sha256) throw exchanged("index", path, error);
    throw error;
  }
  if (hash.digest("hex") !== sha256) throw exchanged("index", path);
  return found;
}
