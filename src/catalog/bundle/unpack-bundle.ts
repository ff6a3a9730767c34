/**
 * A bundle into a folder. Nothing in it becomes a path: its files are looked for by the names that are allowed, and one of another name, a
 * link or a folder ends it. The packed bytes are hashed as they pass, so that what lies in the folder afterwards is what was verified,
 * whatever has happened to the file in the meantime.
 */
import { createHash, type Hash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import { isSystemError } from "../../contract/system-error.ts";
import type { System } from "../../system/system.ts";
import type { AllowedFile, UnpackedBundle } from "../catalog.ts";
import { exchanged } from "../fetch/exchanged.ts";
import { writeThrough } from "../fetch/write-through.ts";
import { decompress } from "../unpack/decompress.ts";
import { parseTarHeader, TAR_BLOCK_BYTES } from "../unpack/tar-header.ts";
import { ByteReader } from "./byte-reader.ts";
import { readManifest } from "./read-manifest.ts";

export interface BundleToUnpack {
  readonly path: string;
  readonly sha256: string;
  /** Empty, and the caller's to remove. */
  readonly folder: string;
  readonly allowed: readonly AllowedFile[];
}

const MANIFEST_MAX_BYTES = 2 ** 20;
/** Kernels shrink to a quarter. A bomb is let grow to this many times its size, and a little for small ones. */
const RATIO_MAX = 200;
const SLACK_BYTES = 2 ** 20;
const TIMEOUT_MS = 10 * 60_000;

/** What a bundle of so many bytes may become. */
export function mostUnpacked(packedBytes: number): number {
  return packedBytes * RATIO_MAX + SLACK_BYTES;
}

export async function unpackBundle(system: System, wanted: BundleToUnpack, signal: AbortSignal): Promise<UnpackedBundle> {
  const hash = createHash("sha256");
  const packedBytes = (await system.files.find(wanted.path))?.bytes ?? 0;
  const allowedBytes = wanted.allowed.reduce((sum, { maxBytes }) => sum + maxBytes, MANIFEST_MAX_BYTES + SLACK_BYTES);
  const limits = { maxBytes: Math.min(allowedBytes, mostUnpacked(packedBytes)), timeoutMs: TIMEOUT_MS, signal };
  const packed = system.files.openRead(wanted.path);
  packed.on("data", (part: Uint8Array) => hash.update(part));
  packed.pause();
  const reader = new ByteReader(decompress(system, packed, "zst", limits));
  try {
    const unpacked = await readEntries(system, reader, wanted, signal);
    if (!packed.readableEnded) throw new Error("it goes on after its end");
    checkDigest(hash, wanted);
    return unpacked;
  } catch (error) {
    if (signal.aborted) throw new BangerError("cancelled", "cancelled", "unpacking was cancelled", { cause: signal.reason });
    if (!(error instanceof Error) || isSystemError(error)) throw error;
    // Of a file that was exchanged it is of no interest what is wrong inside.
    if ((await system.files.sha256(wanted.path, signal)) !== wanted.sha256) throw exchanged("bundle", wanted.path, error);
    if (error instanceof BangerError && error.code !== "damaged_archive") throw error;
    throw new BangerError("invalid", "damaged_bundle", `cannot unpack the bundle ${wanted.path}: ${error.message}`, {
      hint: "ask whoever keeps the catalog: it was made wrong",
      cause: error,
    });
  } finally {
    await reader.close();
    packed.destroy();
  }
}

async function readEntries(
  system: System,
  reader: ByteReader,
  { folder, allowed }: BundleToUnpack,
  signal: AbortSignal,
): Promise<UnpackedBundle> {
  const manifest = await readManifest(reader, MANIFEST_MAX_BYTES);
  const files = new Map<string, UnpackedBundle["files"][number]>();
  for (;;) {
    const block = await reader.take(TAR_BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) break;
    const { name, bytes, type } = parseTarHeader(block);
    const shown = JSON.stringify(name.slice(0, 200));
    const known = allowed.find((candidate) => candidate.name === name);
    if (type !== "0") throw new Error(`${shown} in it is no regular file`);
    if (known === undefined) throw new Error(`${shown} has no place in it`);
    if (files.has(name)) throw new Error(`${shown} is in it twice`);
    if (bytes > known.maxBytes) throw new Error(`${shown} in it has ${bytes} bytes, more than the ${known.maxBytes} allowed`);
    const hash = createHash("sha256");
    await writeThrough(hashed(reader.read(bytes), hash), system.files.openWrite(`${folder}/${known.name}`, "wx", 0o444), signal);
    await system.files.sync(`${folder}/${known.name}`);
    files.set(name, { name: known.name, bytes, sha256: hash.digest("hex") });
    await reader.takePadding(bytes);
  }
  await reader.takeEnd();
  return { manifest, files: [...files.values()] };
}

async function* hashed(parts: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    hash.update(part);
    yield part;
  }
}

function checkDigest(hash: Hash, wanted: BundleToUnpack): void {
  if (hash.digest("hex") !== wanted.sha256) throw exchanged("bundle", wanted.path);
}
