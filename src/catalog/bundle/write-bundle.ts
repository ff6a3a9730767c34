/** Writes a bundle: the same files and manifest make the same bytes, and so the same name. */
import { createHash } from "node:crypto";
import { constants, createZstdCompress, type ZstdCompress } from "node:zlib";
import type { System } from "../../system/system.ts";
import type { BundleDigest, BundleFile, BundleToPack, FetchOptions } from "../catalog.ts";
import { writeThrough } from "../fetch/write-through.ts";
import { makeTarHeader, paddingOf, TAR_BLOCK_BYTES, TAR_MAX_BYTES } from "../unpack/tar-header.ts";
import { MANIFEST } from "./read-manifest.ts";

/** The best there is that asks whoever unpacks for no more than 8 MiB. */
const BEST_LEVEL = 19;
const BLOCK_BYTES = 2 ** 20;

/** @param path of a new file; the caller removes one that did not get whole. */
export async function writeBundle(
  system: System,
  path: string,
  wanted: Pick<BundleToPack, "manifest" | "files" | "level">,
  options: FetchOptions,
): Promise<BundleDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = async function* (parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      hash.update(part);
      bytes += part.length;
      yield part;
    }
  };
  const compressor = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: wanted.level ?? BEST_LEVEL } });
  // A failure reaches the reader through the compressor.
  feed(inBlocks(entriesOf(system, wanted, options)), compressor).catch((error: unknown) => compressor.destroy(error as Error));
  await writeThrough(counted(compressor as AsyncIterable<Uint8Array>), system.files.openWrite(path, "wx", 0o644), options.signal);
  await system.files.sync(path);
  return { sha256: hash.digest("hex"), bytes };
}

/** One after the other: what a compressor makes depends on how its input is cut. */
async function feed(blocks: AsyncIterable<Uint8Array>, compressor: ZstdCompress): Promise<void> {
  for await (const block of blocks) {
    const { promise: written, resolve, reject } = Promise.withResolvers<void>();
    compressor.write(block, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    await written;
  }
  compressor.end();
}

async function* inBlocks(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = Buffer.alloc(BLOCK_BYTES);
  let filled = 0;
  for await (const part of parts) {
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + BLOCK_BYTES - filled);
      block.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < BLOCK_BYTES) continue;
      yield block;
      block = Buffer.alloc(BLOCK_BYTES);
      filled = 0;
    }
  }
  yield block.subarray(0, filled);
}

async function* entriesOf(
  system: System,
  { manifest, files }: Pick<BundleToPack, "manifest" | "files">,
  { onProgress }: FetchOptions,
): AsyncGenerator<Uint8Array> {
  const text = Buffer.from(manifest);
  yield makeTarHeader(MANIFEST, text.length, "0");
  yield text;
  yield paddingOf(text.length);
  const sizes = await Promise.all(files.map((file) => sizeOf(system, file)));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [at, file] of files.entries()) {
    const size = sizes[at] ?? 0;
    if (size > TAR_MAX_BYTES) throw new Error(`${file.path} has more than the ${TAR_MAX_BYTES} bytes that a file in a bundle can have`);
    yield makeTarHeader(file.name, size, "0");
    let got = 0;
    for await (const part of partsOf(system, file)) {
      got += part.length;
      done += part.length;
      yield part;
      onProgress?.(done, total);
    }
    if (got !== size) throw new Error(`${file.path} changed while it was read`);
    yield paddingOf(size);
  }
  yield Buffer.alloc(2 * TAR_BLOCK_BYTES);
}

/** What of a bundle its files are, when they are unpacked. */
export async function contentBytes(system: System, files: readonly BundleFile[]): Promise<number> {
  const sizes = await Promise.all(files.map((file) => sizeOf(system, file)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(system: System, { path, runs }: BundleFile): Promise<number> {
  if (runs !== undefined) return runs.reduce((sum, [, bytes]) => sum + bytes, 0);
  return (await system.files.find(path))?.bytes ?? 0;
}

/** The content of a file of a bundle, as it is in there. */
export async function* partsOf({ files }: System, { path, runs }: Omit<BundleFile, "name">): AsyncGenerator<Uint8Array> {
  if (runs === undefined) yield* files.openRead(path) as AsyncIterable<Uint8Array>;
  for (const [start, bytes] of runs ?? []) yield* files.openRead(path, { start, end: start + bytes - 1 }) as AsyncIterable<Uint8Array>;
}
