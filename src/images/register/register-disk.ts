/** A finished disk of this computer -> an image in the store, which has all of it and points to nothing outside. */
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import { reasonOf } from "../../contract/system-error.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { RegisterHow } from "../images.ts";
import { baseFile, NO_CONFIG, type ImageManifest } from "../store/image-manifest.ts";
import type { ImageDraft, ImageStore } from "../store/image-store.ts";
import { keepImage } from "../store/keep-image.ts";
import { convertQcow2, requireConvertible } from "./convert-qcow2.ts";
import { findRoot, type Root } from "./find-root.ts";
import { isQcow2 } from "./qcow2-header.ts";

/** A guest's disk has whole pages. */
const PAGE_BYTES = 4096;

/**
 * Stages: `convert` of a qcow2, `inspect`, `copy`, `store`.
 * @param from an absolute path.
 */
export async function registerDisk(
  { system, store }: { readonly system: System; readonly store: ImageStore },
  name: string,
  from: string,
  how: RegisterHow,
  context: OperationContext,
): Promise<void> {
  const what = `cannot register image ${name} from ${from}`;
  await store.requireFree(name, what);
  await requireFile(system, from, what);
  await using draft = await store.openDraft(context.operationId);
  const diskPath = await convertWhereNeeded(system, draft, from, what, context);
  const root = await context.stage("inspect", async (stage) => {
    const found = await lookAt(system, diskPath, how.partition, what);
    stage.note(`${found.format} of ${found.bytes} bytes, from ${found.start} on`);
    return found;
  });
  const basePath = join(draft.folder, baseFile(root.format));
  await context.stage("copy", () => copyRoot(system, diskPath, basePath, root, what, context.signal));
  if (diskPath !== from) await system.files.removeFile(diskPath);
  await context.stage("store", async () => {
    const manifest = await describeBase(system, basePath, root, how, context.signal);
    await keepImage(system, draft, name, manifest, context.signal);
  });
}

async function requireFile({ files }: System, from: string, what: string): Promise<void> {
  const info = await files.find(from).catch(() => undefined);
  if (info === undefined)
    throw new BangerError("not_found", "file_not_found", `${what}: there is no such file, or it may not be looked at`, {
      hint: "banger image register NAME --from FILE, a disk",
    });
  const fail = (why: string, hint: string, cause?: unknown): never => {
    throw new BangerError("refused", "file_unusable", `${what}: ${why}`, { hint, cause });
  };
  if (info.kind === "link") fail("it is a link", `readlink -f ${from} says where the file is`);
  if (info.kind !== "file") fail("it is no file", `ls -l ${from}; copy a device into a file first`);
  await files
    .readRange(from, 0, 1)
    .catch((error: unknown) => fail(reasonOf(error), `ls -l ${from}; you have to be able to read it`, error));
}

/** The path of a raw disk: the one that was named, or one in the draft. */
async function convertWhereNeeded(
  system: System,
  draft: ImageDraft,
  from: string,
  what: string,
  context: OperationContext,
): Promise<string> {
  if (!isQcow2(await system.files.readRange(from, 0, 8))) return from;
  return context.stage("convert", async () => {
    // It may be large: what would be refused is not copied first. What counts is the copy, which nobody else changes.
    await requireConvertible(system, from, what);
    const [copyPath, rawPath] = [join(draft.folder, "disk.qcow2"), join(draft.folder, "disk.raw")];
    await system.files.copySparse(from, copyPath, context.signal);
    await convertQcow2(system, copyPath, rawPath, what, context.signal);
    await system.files.removeFile(copyPath);
    return rawPath;
  });
}

async function lookAt({ files }: System, path: string, partition: number | undefined, what: string): Promise<Root> {
  const info = await files.find(path);
  const read = (start: number, bytes: number): Promise<Buffer> => files.readRange(path, start, start + bytes);
  return findRoot(read, info?.bytes ?? 0, partition, what);
}

async function copyRoot(
  system: System,
  from: string,
  to: string,
  { start, bytes, format }: Root,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  await system.files.copySparse(from, to, signal, { start, end: start + bytes });
  // It may have been changed since it was looked at: what counts is what we have.
  const copied = await lookAt(system, to, undefined, what);
  if (copied.format !== format || copied.bytes !== bytes)
    throw new BangerError("refused", "disk_damaged", `${what}: it was changed while it was copied`, {
      hint: "register it when nobody writes to it",
    });
  await system.files.grow(to, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES);
}

async function describeBase(
  { files, clock }: System,
  path: string,
  { format }: Root,
  how: RegisterHow,
  signal: AbortSignal,
): Promise<ImageManifest> {
  // The manifest must not outlive what it describes.
  await files.sync(path);
  const checksum = `sha256:${await files.sha256(path, signal)}`;
  const info = await files.find(path);
  return {
    format: 1,
    source: "register",
    distro: null,
    arch: "amd64",
    suite: null,
    packages: [],
    kernelRef: how.kernelRef ?? null,
    init: how.init ?? "agent",
    requirements: [],
    createdAt: clock.nowMs(),
    base: { bytes: info?.bytes ?? 0, storedBytes: info?.allocatedBytes ?? 0, checksum, format },
    workSeed: null,
    config: NO_CONFIG,
  };
}
