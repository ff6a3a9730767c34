/** A packed file as the bytes that are in it, counted on both sides, with the digest of what was read. */
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";

export interface UnpackLimits {
  readonly packedBytes: number;
  readonly unpackedBytes: number;
}

/** A source of Linux has some 1.5 GB in 150 MB. */
export const SOURCE_LIMITS: UnpackLimits = { packedBytes: 512 * 2 ** 20, unpackedBytes: 4 * 2 ** 30 };
/** A source becomes ten times as large; what becomes much larger than that is a bomb, and need not be followed to the end. */
const MOST_GROWTH = 40;
const SMALL_BYTES = 64 * 2 ** 20;
const UNPACK_MS = 15 * 60_000;
const UNPACKERS = [
  { magic: "fd377a585a00", argv: ["xz", "-dc", "--memlimit-decompress=192MiB"] },
  { magic: "1f8b", argv: ["gzip", "-dc"] },
  { magic: "28b52ffd", argv: ["zstd", "-dc", "--memory=128MiB"] },
] as const;

/**
 * Feeds what is unpacked to `take`, which is done when it returns. Gives the sha256 of the packed file as it was read: of no use where `take`
 * had seen enough before the end, which is no failure.
 * Throws `refused` `unpacked_too_large`, `damaged_archive`.
 */
export async function withUnpacked(
  system: System,
  path: string,
  what: string,
  signal: AbortSignal,
  take: (unpacked: AsyncIterable<Uint8Array>) => Promise<void>,
  limits = SOURCE_LIMITS,
): Promise<string> {
  const packedBytes = (await system.files.find(path))?.bytes ?? 0;
  if (packedBytes > limits.packedBytes) throw tooLarge(what, limits.packedBytes);
  const most = Math.min(limits.unpackedBytes, Math.max(SMALL_BYTES, packedBytes * MOST_GROWTH));
  const hash = createHash("sha256");
  const packed = system.files.openRead(path);
  async function* hashed(): AsyncGenerator<Uint8Array> {
    let total = 0;
    for await (const part of packed as AsyncIterable<Uint8Array>) {
      total += part.length;
      if (total > limits.packedBytes) throw tooLarge(what, limits.packedBytes);
      hash.update(part);
      yield part;
    }
  }
  let isReadToItsEnd = false;
  async function* counted(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let total = 0;
    for await (const part of parts) {
      total += part.length;
      if (total > most) throw tooLarge(what, most);
      yield part;
    }
    isReadToItsEnd = true;
  }
  const magic = (await system.files.readRange(path, 0, 6)).toString("hex");
  const unpacker = UNPACKERS.find((known) => magic.startsWith(known.magic));
  if (unpacker === undefined) {
    await take(counted(hashed()));
    return hash.digest("hex");
  }
  const words: string[] = [];
  const stopped = new AbortController();
  await using child = await system.processes.start(unpacker.argv, {
    timeoutMs: UNPACK_MS,
    signal: AbortSignal.any([signal, stopped.signal]),
    isPatient: true,
    graceMs: 200,
    onStderrLine: (line) => void (words.length < 5 && words.push(line)),
  });
  const fed = pipeline(hashed(), child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    await take(counted(child.stdout as AsyncIterable<Uint8Array>));
  } catch (error) {
    stopped.abort();
    await child.ended;
    await fed;
    throw error;
  }
  const [end, feedError] = await Promise.all([child.ended, fed]);
  signal.throwIfAborted();
  if (feedError instanceof BangerError) throw feedError;
  // Who closes a pipe early ends what writes to it.
  if (isReadToItsEnd && (end.code !== 0 || feedError !== undefined)) {
    const why =
      words.join("; ") || (feedError instanceof Error ? feedError.message : `${unpacker.argv[0]} ended with ${end.code ?? end.signal}`);
    throw new BangerError("refused", "damaged_archive", `cannot unpack ${what}: ${why}`);
  }
  return hash.digest("hex");
}

function tooLarge(what: string, bytes: number): BangerError {
  return new BangerError("refused", "unpacked_too_large", `cannot unpack ${what}: it has more than the ${bytes} bytes it may have`);
}
