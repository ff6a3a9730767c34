/** Unpacking a compressed stream with an end in sight: every way out of it counts what comes. */
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";

/** Each piece is a turn of the event loop and a trip through the streams: with those of 16 KiB that are usual a kernel takes twice as long. */
const LARGE_PIECES = { chunkSize: 2 ** 18 };

export type Compression = "none" | "gz" | "xz" | "zst";

export interface DecompressLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** xz takes as much memory as a file says that it needs. What `xz -9` makes takes 65 MiB. */
const XZ_MEMORY = "128MiB";

/** Throws `refused` `unpacked_too_large`, `invalid` `damaged_archive`, `unavailable` `program_missing`. */
export async function* decompress(
  system: System,
  packed: Readable,
  how: Compression,
  limits: DecompressLimits,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const part of how === "xz" ? throughXz(system, packed, limits) : throughZlib(packed, how)) {
    total += part.length;
    if (total > limits.maxBytes) {
      throw new BangerError("refused", "unpacked_too_large", `cannot unpack: it becomes more than the ${limits.maxBytes} bytes allowed`);
    }
    yield part;
  }
}

async function* throughZlib(packed: Readable, how: Exclude<Compression, "xz">): AsyncGenerator<Uint8Array> {
  if (how === "none") {
    yield* packed as AsyncIterable<Uint8Array>;
    return;
  }
  const unpacker = how === "gz" ? createGunzip(LARGE_PIECES) : createZstdDecompress(LARGE_PIECES);
  try {
    // A failure of either end reaches the reader through the unpacker.
    pipeline(packed, unpacker).catch(() => undefined);
    yield* unpacker as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error), error);
  } finally {
    unpacker.destroy();
  }
}

async function* throughXz(system: System, packed: Readable, limits: DecompressLimits): AsyncGenerator<Uint8Array> {
  if (system.processes.which("xz") === undefined) {
    packed.destroy();
    throw new BangerError("unavailable", "program_missing", "cannot unpack: xz is not installed", { hint: "sudo apt install xz-utils" });
  }
  const words: string[] = [];
  await using child = await system.processes.start(["xz", "-dc", "-T1", `--memlimit-decompress=${XZ_MEMORY}`], {
    timeoutMs: limits.timeoutMs,
    signal: limits.signal,
    isPatient: true,
    onStderrLine: (line) => {
      if (words.length < 5) words.push(line);
    },
  });
  // xz may end before it has read all; what it said and its code tell more than the broken pipe.
  const fed = pipeline(packed, child.stdin).then(
    () => undefined,
    (error: Error) => error,
  );
  yield* child.stdout as AsyncIterable<Uint8Array>;
  const [end, feedError] = await Promise.all([child.ended, fed]);
  if (limits.signal.aborted) throw new BangerError("cancelled", "cancelled", "unpacking was cancelled", { cause: limits.signal.reason });
  if (end.code !== 0) throw damaged(words.join("; ") || `xz ended with ${end.code ?? end.signal ?? "nothing"}`, feedError);
  if (feedError !== undefined) throw feedError;
}

function damaged(why: string, cause: unknown): BangerError {
  return new BangerError("invalid", "damaged_archive", `cannot unpack: ${why}`, { cause });
}
