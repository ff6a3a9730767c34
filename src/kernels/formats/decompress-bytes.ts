/** Small compressed things, whole: a kernel, a module, a configuration. The result is bounded before it is there. */
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { join } from "./in-pieces.ts";
import type { KernelCompression } from "./compression.ts";

const TIMEOUT_MS = 60_000;
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
  try {
    const options = { maxOutputLength: maxBytes };
    return how === "gzip" ? await promisify(gunzip)(packed, options) : await promisify(zstdDecompress)(packed, options);
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"))
      throw tooLarge(maxBytes);
    throw damaged(error instanceof Error ? error.message : String(error), error);
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
  const parts: Uint8Array[] = [];
  let total = 0;
  const stdout = new Writable({
    write: (part: Uint8Array, _encoding, done) => {
      total += part.length;
      if (total <= maxBytes) parts.push(part);
      done(total > maxBytes ? tooLarge(maxBytes) : null);
    },
  });
  const result = await system.processes.run([program, "-dc"], { input: packed, stdout, timeoutMs: TIMEOUT_MS, signal });
  if (result.code !== 0) throw damaged(result.stderr.trim() || `${program} failed`, undefined);
  return join(parts);
}

function tooLarge(maxBytes: number): BangerError {
  return new BangerError("refused", "unpacked_too_large", `cannot unpack: it becomes more than the ${maxBytes} bytes allowed`);
}

function damaged(why: string, cause: unknown): BangerError {
  return new BangerError("invalid", "damaged_compression", `cannot unpack: ${why}`, { cause });
}
