/** Files, as `Files` promises them. */
import { createHash, randomBytes } from "node:crypto";
import { accessSync, closeSync, constants, createReadStream, createWriteStream, fchmodSync, openSync, type WriteStream } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { BangerError } from "../contract/errors.ts";
import { copySparse } from "./copy-sparse.ts";
import { toFileInfo } from "./file-info.ts";
import { holdFolder } from "./hold-folder.ts";
import { findData, punchStart, tryLock } from "./native.ts";
import { isErrno } from "./is-errno.ts";
import { removeFile } from "./remove-file.ts";
import { removeTree } from "./remove-tree.ts";
import { findRuns, spread } from "./runs.ts";
import type { FileInfo, Files } from "./system.ts";
import { watchFile } from "./watch-file.ts";
import { watchGone } from "./watch-gone.ts";

const OWNER_ONLY = 0o600;
/** No filesystem that we know makes holes of larger blocks. */
const HOLE_BYTES = 64 * 1024;
const DEFAULT_TEXT_MAX_BYTES = 16 * 2 ** 20;

/** @param roots the folders below which trees may be removed. */
export function makeFiles(roots: readonly string[]): Files {
  return {
    read,
    readText: async (path, maxBytes = DEFAULT_TEXT_MAX_BYTES) => new TextDecoder().decode(await read(path, maxBytes)),
    readEmbedded: (path) => fs.readFile(path),
    find,
    mayUse,
    list,
    write: writeWhole,
    update: makeUpdate(),
    makeSparse: async (path, bytes) => {
      await using file = await fs.open(path, "wx", OWNER_ONLY);
      await file.truncate(bytes);
    },
    grow: async (path, bytes) => {
      await using file = await fs.open(path, "r+");
      const { size } = await file.stat();
      if (size < bytes) await file.truncate(bytes);
    },
    copySparse,
    findRuns,
    spread,
    holdFolder,
    makeFolder: async (path, mode = 0o700) => {
      await fs.mkdir(path, { recursive: true, mode });
    },
    link: async (from, to) => {
      try {
        await fs.link(from, to);
      } catch (error) {
        if (isErrno(error, "EEXIST") || isErrno(error, "ENOENT")) return false;
        throw error;
      }
      await sync(dirname(to));
      return true;
    },
    rename: async (from, to) => {
      await fs.rename(from, to);
      await sync(dirname(to));
    },
    removeFile,
    removeTree: (path) => removeTree(path, roots),
    lock,
    lockFolder,
    sync,
    forgetStart,
    firstData,
    watch: watchFile,
    watchGone,
    readRange,
    openRead: (path, range) => createReadStream(path, range === undefined ? {} : { ...range }),
    openWrite: (path, flags = "wx", mode = OWNER_ONLY) => openWrite(path, flags, mode),
    freeBytes: async (path) => {
      const { bavail, bsize } = await fs.statfs(path);
      return bavail * bsize;
    },
    sha256: async (path, signal) => {
      const hash = createHash("sha256");
      await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal });
      return hash.digest("hex");
    },
  };
}

function lock(path: string): Disposable | undefined {
  return lockOpened(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, OWNER_ONLY));
}

/** A folder cannot be opened to write, and the kernel locks it all the same. */
function lockFolder(path: string): Disposable | undefined {
  return lockOpened(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
}

function lockOpened(descriptor: number): Disposable | undefined {
  if (tryLock(descriptor)) return { [Symbol.dispose]: () => closeSync(descriptor) };
  closeSync(descriptor);
  return undefined;
}

async function read(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    await using file = await openNoPipe(path);
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw new BangerError("invalid", "file_too_large", `cannot read ${path}: it has ${size} bytes, more than the ${maxBytes} allowed`);
    }
    // A file in /proc claims no size, and any file may grow meanwhile: read to the end, but never past the cap.
    const parts: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(Math.max(size, 4096), maxBytes + 1)), 0, null, null);
      if (bytesRead === 0) return Buffer.concat(parts);
      total += bytesRead;
      if (total > maxBytes) throw new BangerError("invalid", "file_too_large", `cannot read ${path}: it has more than ${maxBytes} bytes`);
      parts.push(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    if (isErrno(error, "ENOENT"))
      throw new BangerError("not_found", "file_not_found", `cannot read ${path}: there is no such file`, { cause: error });
    throw error;
  }
}

/** The umask takes nothing of the mode: a bundle is for others, and the daemon's would close it. */
function openWrite(path: string, flags: "wx" | "a", mode: number): WriteStream {
  const stream = createWriteStream(path, { flags, mode });
  if (mode !== OWNER_ONLY)
    stream.once("open", (descriptor) => {
      try {
        fchmodSync(descriptor, mode);
      } catch {
        // A file system without modes: then it has the one that everything there has.
      }
    });
  return stream;
}

async function find(path: string): Promise<FileInfo | undefined> {
  try {
    return toFileInfo(await fs.lstat(path));
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

function mayUse(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    // Which of the many reasons it was is not asked.
    return false;
  }
}

async function forgetStart(path: string, bytes: number): Promise<void> {
  await using file = await fs.open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  const { size } = await file.stat();
  const old = Math.floor((size - bytes) / HOLE_BYTES) * HOLE_BYTES;
  if (old > 0 && !punchStart(file.fd, old))
    throw new BangerError("unsupported", "no_holes", `cannot shorten ${path}: its filesystem makes no holes`);
}

async function firstData(path: string): Promise<number> {
  await using file = await openToRead(path);
  return findData(file.fd, 0)?.start ?? (await file.stat()).size;
}

async function readRange(path: string, start: number, end: number, into?: Buffer): Promise<Buffer> {
  await using file = await openToRead(path);
  const bytes = into !== undefined && into.length >= end - start ? into.subarray(0, end - start) : Buffer.allocUnsafeSlow(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** A descriptor of ours: what a shell makes of `<(...)`, with its writer at the other end. */
const OURS = /^\/(?:dev|proc\/self)\/fd\/\d+$/;

/**
 * Opening a named pipe waits until somebody writes into it, and nothing can call that off: the few threads that do our files would be lost one
 * after the other. So nothing is waited for here, and a pipe is refused, unless it is one that we were given. @param more flags of open(2).
 */
async function openNoPipe(path: string, more = 0): Promise<fs.FileHandle> {
  if (OURS.test(path)) return fs.open(path, "r");
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK | more);
  if (!(await file.stat()).isFIFO()) return file;
  await file.close();
  throw new BangerError("refused", "file_unusable", `cannot read ${path}: it is a pipe, and no file`, { hint: `ls -l ${path}` });
}

async function openToRead(path: string): Promise<fs.FileHandle> {
  try {
    return await openNoPipe(path, constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, "ENOENT"))
      throw new BangerError("not_found", "file_not_found", `cannot read ${path}: there is no such file`, { cause: error });
    throw error;
  }
}

async function list(path: string): Promise<readonly string[]> {
  try {
    return (await fs.readdir(path)).toSorted();
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

async function writeWhole(path: string, content: string | Uint8Array, mode = OWNER_ONLY): Promise<void> {
  // Random, because two may write the same file at once.
  const beside = `${path}.${process.pid}-${randomBytes(6).toString("hex")}.new`;
  try {
    await using file = await fs.open(beside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
    await file.writeFile(content);
    await file.sync();
    await fs.rename(beside, path);
  } catch (error) {
    await removeFile(beside);
    throw error;
  }
  await sync(dirname(path));
}

function makeUpdate(): Files["update"] {
  /** The last in the queue of each path. */
  const last = new Map<string, Promise<void>>();
  const updateNow: Files["update"] = async (path, change, maxBytes = DEFAULT_TEXT_MAX_BYTES) => {
    const text = (await find(path)) === undefined ? undefined : new TextDecoder().decode(await read(path, maxBytes));
    const changed = await change(text);
    if (changed !== undefined) await writeWhole(path, changed);
  };
  return async (path, change, maxBytes) => {
    const before = last.get(path) ?? Promise.resolve();
    const mine = before.then(() => updateNow(path, change, maxBytes));
    // Who comes next waits for it, and is not hit by its failure.
    const settled = mine.catch(() => undefined);
    last.set(path, settled);
    try {
      await mine;
    } finally {
      if (last.get(path) === settled) last.delete(path);
    }
  };
}

async function sync(path: string): Promise<void> {
  await using file = await fs.open(path, "r");
  await file.sync();
}
