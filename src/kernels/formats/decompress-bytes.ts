/** Small compressed things, whole: a kernel, a module, a configuration. The result is bounded before it is there. */
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { join } from "./in-pieces.ts";
import type { KernelCompression } from "./compression.ts";

const TIMEOUT_MS = 60_000;
const CHUNK_BYTES = 256 * 1024;
const PACKAGES: Readonly<Record<string, string>> = { xz: "xz-utils", lz4: "lz4" };

/** Throws `invalid` `damaged_compression`, `refused` `unpacked_too_large`, `unavailable` `program_missing`. */
export async function decompressBytes(
  system: System,
  packed: Uint8Array,
  how: KernelCompression,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (how === "xz" || how === "lz4") return throughProgram(system, packed, how, maxBytes, signal);
  const unpacker = how === "gzip" ? createGunzip({ chunkSize: CHUNK_BYTES }) : createZstdDecompress({ chunkSize: CHUNK_BYTES });
  const parts = new BoundedParts(maxBytes);
  try {
    await pipeline(Readable.from([packed]), unpacker, parts.writable(), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BangerError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
  return join(parts.all);
}

/** What is unpacked, as it comes. */
class BoundedParts {
  readonly all: Uint8Array[] = [];
  readonly #maxBytes: number;
  #total = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  writable(): Writable {
    return new Writable({
      write: (part: Uint8Array, _encoding, done) => {
        this.#total += part.length;
        const isTooLarge = this.#total > this.#maxBytes;
        if (!isTooLarge) this.all.push(part);
        done(isTooLarge ? tooLarge(this.#maxBytes) : null);
      },
    });
  }
}

async function throughProgram(
  system: System,
  packed: Uint8Array,
  program: "xz" | "lz4",
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (system.processes.which(program) === undefined) {
    throw new BangerError("unavailable", "program_missing", `cannot unpack the kernel: ${program} is not installed`, {
      hint: `sudo apt install ${PACKAGES[program]}`,
    });
  }
  const parts = new BoundedParts(maxBytes);
  const stdout = parts.writable();
  const options = { input: packed, stdout, timeoutMs: TIMEOUT_MS, signal, isPatient: true };
  const result = await system.processes.run([program, "-dc"], options);
  if (result.code !== 0) throw damaged(result.stderr.trim() || `${program} failed`, undefined);
  return join(parts.all);
}

function tooLarge(maxBytes: number): BangerError {
  return new BangerError("refused", "unpacked_too_large", `cannot unpack: it becomes more than the ${maxBytes} bytes allowed`);
}

function damaged(why: string, cause: unknown): BangerError {
  return new BangerError("invalid", "damaged_compression", `cannot unpack: ${why}`, { cause });
}
