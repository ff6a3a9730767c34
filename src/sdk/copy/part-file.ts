/**
 * A file that is arriving. It has a name of its own beside its place until it is whole and verified. The name follows from the
 * file's name, so that a copy that was cut off finds what had arrived. Who writes it holds its lock: of two copies to one place
 * one is told so, and neither gives its name to what the other wrote.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  unlinkSync,
  write,
} from "node:fs";
import { BLOCK_BYTES } from "../../contract/copy-frames.ts";
import type { CopyMeta } from "../../contract/copy-messages.ts";
import { Content } from "./content.ts";
import { codeOf, LeftOut } from "./copy-errors.ts";
import { setModifiedTime, tryLock } from "./descriptors.ts";
import type { Folder } from "./folder.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, S_IFMT, S_IFREG } = constants;
const DIGITS = 16;
const PART_NAME = /^\.banger-[0-9a-f]{16}\.part$/i;

/** Where what arrives for `name` is kept. Of no name: the mark of a folder that was made and is not whole. */
export function partName(name: Uint8Array): Buffer {
  return Buffer.from(`.banger-${createHash("sha256").update(name).digest("hex").slice(0, DIGITS)}.part`);
}

/** Such names are never copied. */
export function isPartName(name: Uint8Array): boolean {
  return PART_NAME.test(Buffer.from(name).toString("latin1"));
}

export class PartFile {
  readonly descriptor: number;
  readonly #folder: Folder;
  readonly #name: Buffer;
  #content = new Content();
  /** Where the next block may begin at the earliest. */
  end = 0;

  private constructor(folder: Folder, name: Buffer, descriptor: number) {
    this.#folder = folder;
    this.#name = name;
    this.descriptor = descriptor;
    // Whoever had the lock until now has given it its name.
    if (tryLock(descriptor) && this.#isNamed()) return;
    closeSync(descriptor);
    throw busy();
  }

  /** What had arrived. */
  static find(folder: Folder, fileName: Uint8Array): PartFile | undefined {
    const name = partName(fileName);
    const descriptor = openExisting(folder, name);
    return descriptor === undefined ? undefined : new PartFile(folder, name, descriptor);
  }

  /** Opens what had arrived, or makes an empty one. */
  static open(folder: Folder, fileName: Uint8Array): PartFile {
    const found = PartFile.find(folder, fileName);
    if (found !== undefined) return found;
    const name = partName(fileName);
    try {
      return new PartFile(folder, name, openSync(folder.at(name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
    } catch (error) {
      // Made by somebody else this very moment.
      throw codeOf(error) === "EEXIST" ? busy() : error;
    }
  }

  /** How much there is, in whole blocks. */
  get arrived(): number {
    const { size } = fstatSync(this.descriptor);
    return size - (size % BLOCK_BYTES);
  }

  /** Goes on behind what is there up to `end`, which `content` is of. */
  goOn(end: number, content: Content): void {
    ftruncateSync(this.descriptor, end);
    this.end = end;
    this.#content = content;
  }

  /** Writes blocks at or behind `end`; what is left out between is a hole. */
  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#content.add(offset, bytes);
    for (let written = 0; written < bytes.length;) written += await writeAt(this.descriptor, bytes, written, offset + written);
    this.end = Math.ceil((offset + bytes.length) / BLOCK_BYTES) * BLOCK_BYTES;
  }

  digestAt(size: number): Uint8Array {
    return this.#content.digestAt(size);
  }

  /** Gives it its name. What had that name is replaced; a folder is not. */
  place(name: Uint8Array, size: number, meta: CopyMeta): void {
    if (fstatSync(this.descriptor).size !== size) {
      ftruncateSync(this.descriptor, size);
      // Its size no longer tells how far it was written: after a crash it must not look whole.
      fdatasyncSync(this.descriptor);
    }
    fchmodSync(this.descriptor, meta.mode);
    setModifiedTime(this.descriptor, meta.mtimeNs);
    if (!this.#isNamed()) throw busy();
    renameSync(this.#folder.at(this.#name), this.#folder.at(name));
  }

  discard(): void {
    try {
      unlinkSync(this.#folder.at(this.#name));
    } catch {
      // Left behind it is only litter, and the next copy of this file uses it.
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  #isNamed(): boolean {
    const ours = fstatSync(this.descriptor, { bigint: true });
    const named = this.#folder.find(this.#name);
    return named?.dev === ours.dev && named.ino === ours.ino;
  }
}

/** A file under this name that only we can have made. Anything else is in the way of us alone, and removed. */
function openExisting(folder: Folder, name: Buffer): number | undefined {
  const found = folder.find(name);
  if (found === undefined) return undefined;
  const isFile = (Number(found.mode) & S_IFMT) === S_IFREG;
  if (isFile && found.nlink === 1n && Number(found.uid) === process.geteuid?.()) {
    const descriptor = openSync(folder.at(name), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    const opened = fstatSync(descriptor, { bigint: true });
    if (opened.dev === found.dev && opened.ino === found.ino) return descriptor;
    closeSync(descriptor);
  }
  unlinkSync(folder.at(name));
  return undefined;
}

function busy(): LeftOut {
  return new LeftOut("busy", "another copy is writing it");
}

function writeAt(descriptor: number, bytes: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, from, bytes.length - from, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
