/**
 * Opens a verified .deb: its data archive goes to a scratch file once, and an index of that says where the files are. The whole file is
 * hashed as it is read for that, so one that was exchanged since it was verified is not used.
 */
import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { BangerError } from "../../contract/errors.ts";
import { isSystemError } from "../../contract/system-error.ts";
import type { System } from "../../system/system.ts";
import type { PackageFiles } from "../catalog.ts";
import { exchanged } from "../fetch/exchanged.ts";
import { writeThrough } from "../fetch/write-through.ts";
import { AR_HEADER_BYTES, AR_MAGIC, parseArHeader } from "./ar-header.ts";
import { decompress, type Compression } from "./decompress.ts";
import { TarIndexer, type TarFile } from "./tar-index.ts";

const DATA_MEMBERS: Readonly<Record<string, Compression>> = {
  "data.tar": "none",
  "data.tar.gz": "gz",
  "data.tar.xz": "xz",
  "data.tar.zst": "zst",
};
const DATA_MAX_BYTES = 2 ** 30;
/** Kernels shrink to a sixth. A bomb is let grow to this many times its size, and a little for small ones. */
const RATIO_MAX = 200;
const SLACK_BYTES = 2 ** 20;
const UNPACK_TIMEOUT_MS = 5 * 60_000;
const MAX_MEMBERS = 16;
/** What comes before is kept in memory. */
const DATA_START_MAX = 16 * 2 ** 20;

interface DataMember {
  readonly start: number;
  readonly bytes: number;
  readonly compression: Compression;
}

export async function openDeb(
  system: System,
  path: string,
  sha256: string,
  scratchPath: string,
  signal: AbortSignal,
): Promise<PackageFiles> {
  const { files } = system;
  await using undo = new AsyncDisposableStack();
  undo.defer(() => files.removeFile(scratchPath));
  const indexer = new TarIndexer();
  try {
    const total = (await files.find(path))?.bytes ?? 0;
    const data = await findData((start, bytes) => readRange(system, path, start, bytes), total);
    const passed = new PassedFile(data);
    const packed = Readable.from(passed.dataOf(files.openRead(path) as AsyncIterable<Uint8Array>), { objectMode: false });
    const limits = { maxBytes: Math.min(DATA_MAX_BYTES, data.bytes * RATIO_MAX + SLACK_BYTES), timeoutMs: UNPACK_TIMEOUT_MS, signal };
    await writeThrough(indexed(decompress(system, packed, data.compression, limits), indexer), files.openWrite(scratchPath), signal);
    if ((await passed.end()) !== sha256) throw exchanged("package", path);
    const found = new Map(indexer.end().map((file) => [file.name, file]));
    const owned = undo.move();
    return {
      list: () => [...found.values()].map(({ name, bytes }) => ({ name, bytes })),
      read: async (name, maxBytes) => {
        const file = fileOf(found, name, maxBytes);
        return readRange(system, scratchPath, file.offset, file.bytes);
      },
      copyTo: async (name, to, maxBytes, copySignal) => {
        const { offset, bytes } = fileOf(found, name, maxBytes);
        const content = files.openRead(scratchPath, { start: offset, end: offset + bytes - 1 });
        await writeThrough(content as AsyncIterable<Uint8Array>, files.openWrite(to), copySignal);
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    if (signal.aborted) throw new BangerError("cancelled", "cancelled", "unpacking was cancelled", { cause: signal.reason });
    if (!(error instanceof Error) || isSystemError(error)) throw error;
    if (error instanceof BangerError && error.code !== "damaged_archive" && error.code !== "unpacked_too_large") throw error;
    // Of a file that was exchanged it is of no interest what is wrong inside.
    if ((await files.sha256(path, signal)) !== sha256) throw exchanged("package", path, error);
    const { kind, code } = error instanceof BangerError ? error : ({ kind: "invalid", code: "damaged_package" } as const);
    throw new BangerError(kind, code, `cannot use the package ${path}: ${error.message}`, {
      hint: "its archive has it like that: take another version of it, or ask whoever made it",
      cause: error,
    });
  }
}

/** A file on its way: its hash, its data member, and what came before that, which says that the data is where it was looked for. */
class PassedFile {
  readonly #data: DataMember;
  readonly #hash: Hash = createHash("sha256");
  readonly #before: Uint8Array[] = [];
  #bytes = 0;

  constructor(data: DataMember) {
    this.#data = data;
  }

  async *dataOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { start, bytes } = this.#data;
    for await (const part of parts) {
      this.#hash.update(part);
      const before = part.subarray(0, Math.max(0, start - this.#bytes));
      if (before.length > 0) this.#before.push(Uint8Array.from(before));
      const data = part.subarray(before.length, Math.max(before.length, start + bytes - this.#bytes));
      this.#bytes += part.length;
      if (data.length > 0) yield data;
    }
  }

  /** The digest of all of it; empty when its data lies elsewhere. */
  async end(): Promise<string> {
    const before = Buffer.concat(this.#before);
    const found = await findData(async (start, bytes) => before.subarray(start, start + bytes), this.#bytes);
    return found.start === this.#data.start && found.bytes === this.#data.bytes ? this.#hash.digest("hex") : "";
  }
}

function fileOf(found: ReadonlyMap<string, TarFile>, name: string, maxBytes: number): TarFile {
  const file = found.get(name);
  if (file === undefined) throw new BangerError("not_found", "file_not_in_package", `the package has no file ${name}`);
  if (file.bytes <= maxBytes) return file;
  throw new BangerError("invalid", "file_too_large", `cannot read ${name}: it has ${file.bytes} bytes, more than the ${maxBytes} allowed`);
}

async function* indexed(parts: AsyncIterable<Uint8Array>, indexer: TarIndexer): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    indexer.push(part);
    yield part;
  }
}

async function findData(read: (start: number, bytes: number) => Promise<Uint8Array>, total: number): Promise<DataMember> {
  const magic = await read(0, Math.min(AR_MAGIC.length, total));
  if (Buffer.from(magic).toString("latin1") !== AR_MAGIC) throw new Error("it is not a Debian package");
  let at = AR_MAGIC.length;
  for (let members = 0; at < total && members < MAX_MEMBERS; members++) {
    const header = parseArHeader(await read(at, Math.min(AR_HEADER_BYTES, total - at)));
    const start = at + AR_HEADER_BYTES;
    if (start > DATA_START_MAX) throw new Error("its data begins too late");
    if (start + header.bytes > total) throw new Error(`its member ${header.name} ends too early`);
    const compression = DATA_MEMBERS[header.name];
    if (compression !== undefined && header.bytes > 0) return { start, bytes: header.bytes, compression };
    at = start + header.bytes + (header.bytes % 2);
  }
  throw new Error("it has no data");
}

async function readRange(system: System, path: string, start: number, bytes: number): Promise<Uint8Array> {
  if (bytes === 0) return new Uint8Array();
  // Each part to its place as it comes: putting 50 MB together at once would keep all others waiting.
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for await (const part of system.files.openRead(path, { start, end: start + bytes - 1 }) as AsyncIterable<Uint8Array>) {
    whole.set(part, at);
    at += part.length;
  }
  if (at !== bytes) throw new Error("it is shorter than it says");
  return whole;
}
