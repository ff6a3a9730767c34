/** Opens a verified .deb: its data archive goes to a scratch file once, and an index of that says where the files are. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { PackageFiles } from "../catalog.ts";
import { writeThrough } from "../fetch/write-through.ts";
import { AR_HEADER_BYTES, AR_MAGIC, parseArHeader } from "./ar-header.ts";
import { decompress, type Compression } from "./decompress.ts";
import { TarIndexer } from "./tar-index.ts";

const DATA_MEMBERS: Readonly<Record<string, Compression>> = {
  "data.tar": "none",
  "data.tar.gz": "gz",
  "data.tar.xz": "xz",
  "data.tar.zst": "zst",
};
const DATA_MAX_BYTES = 2 ** 30;
const UNPACK_TIMEOUT_MS = 5 * 60_000;
const MAX_MEMBERS = 16;

interface DataMember {
  readonly start: number;
  readonly bytes: number;
  readonly compression: Compression;
}

export async function openDeb(system: System, path: string, scratchPath: string, signal: AbortSignal): Promise<PackageFiles> {
  const { files } = system;
  await using undo = new AsyncDisposableStack();
  undo.defer(() => files.removeFile(scratchPath));
  const indexer = new TarIndexer();
  try {
    const data = await findData(system, path);
    const packed = files.openRead(path, { start: data.start, end: data.start + data.bytes - 1 });
    const limits = { maxBytes: DATA_MAX_BYTES, timeoutMs: UNPACK_TIMEOUT_MS, signal };
    await writeThrough(indexed(decompress(system, packed, data.compression, limits), indexer), files.openWrite(scratchPath), signal);
    const found = new Map(indexer.end().map((file) => [file.name, file]));
    const owned = undo.move();
    return {
      list: () => [...found.values()].map(({ name, bytes }) => ({ name, bytes })),
      read: async (name, maxBytes) => {
        const file = found.get(name);
        if (file === undefined) throw new BangerError("not_found", "file_not_in_package", `the package has no file ${name}`);
        if (file.bytes > maxBytes) {
          throw new BangerError(
            "invalid",
            "file_too_large",
            `cannot read ${name}: it has ${file.bytes} bytes, more than the ${maxBytes} allowed`,
          );
        }
        return readRange(system, scratchPath, file.offset, file.bytes);
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    if (signal.aborted) throw new BangerError("cancelled", "cancelled", "unpacking was cancelled", { cause: signal.reason });
    if (error instanceof BangerError || !(error instanceof Error) || "code" in error) throw error;
    throw new BangerError("invalid", "damaged_package", `cannot unpack the package ${path}: ${error.message}`, { cause: error });
  }
}

async function* indexed(parts: AsyncIterable<Uint8Array>, indexer: TarIndexer): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    indexer.push(part);
    yield part;
  }
}

async function findData(system: System, path: string): Promise<DataMember> {
  const total = (await system.files.find(path))?.bytes ?? 0;
  const magic = await readRange(system, path, 0, Math.min(AR_MAGIC.length, total));
  if (Buffer.from(magic).toString("latin1") !== AR_MAGIC) throw new Error("it is not a Debian package");
  let at = AR_MAGIC.length;
  for (let members = 0; at < total && members < MAX_MEMBERS; members++) {
    const header = parseArHeader(await readRange(system, path, at, Math.min(AR_HEADER_BYTES, total - at)));
    const start = at + AR_HEADER_BYTES;
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
