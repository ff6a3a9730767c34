/**
 * A folder on this computer, held by its descriptor. What is in it is named one step at a time, through `/proc/self/fd`: the
 * kernel goes from the descriptor to that one name, so that no link and no renamed folder can lead anywhere else.
 */
import { closeSync, constants, fchmodSync, lstatSync, mkdirSync, openSync, type BigIntStats, type PathLike } from "node:fs";
import type { CopyMeta } from "../../contract/copy-messages.ts";
import { codeOf, LeftOut, unwritable } from "./copy-errors.ts";
import { setModifiedTime } from "./descriptors.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } = constants;
const OWNER = 0o700;

export class Folder {
  readonly descriptor: number;
  readonly #prefix: Buffer;
  /** What it is given when the last thing in it is done: until then it has to be written to, and changes its time. */
  readonly #finally: CopyMeta | undefined;
  #holders = 1;

  private constructor(descriptor: number, finallyGets: CopyMeta | undefined) {
    this.descriptor = descriptor;
    this.#prefix = Buffer.from(`/proc/self/fd/${descriptor}/`);
    this.#finally = finallyGets;
  }

  /** The folder that somebody named. Links are followed: who named it meant where they lead. */
  static open(path: PathLike): Folder {
    return new Folder(openSync(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK), undefined);
  }

  /** A folder in a folder. A link to one is followed only when that was asked for. */
  static openIn(parent: Folder, name: Uint8Array, follow: boolean): Folder {
    return new Folder(openSync(parent.at(name), O_RDONLY | O_DIRECTORY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW)), undefined);
  }

  /**
   * The folder `name` in `parent`, made where it is missing. One that was there keeps its mode and time, unless `adopts`.
   * Throws `LeftOut`.
   */
  static enter(parent: Folder, name: Uint8Array, meta: CopyMeta, adopts: boolean): { readonly folder: Folder; readonly wasMade: boolean } {
    try {
      const wasMade = make(parent.at(name));
      const descriptor = openSync(parent.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (wasMade) fchmodSync(descriptor, meta.mode | OWNER);
      return { folder: new Folder(descriptor, wasMade || adopts ? meta : undefined), wasMade };
    } catch (error) {
      if (["ELOOP", "ENOTDIR"].includes(codeOf(error))) throw new LeftOut("in_the_way", "something that is no folder is in its place");
      throw unwritable(error);
    }
  }

  /** Where `name` in it is, for one call that follows no link at its end. */
  at(name: Uint8Array): Buffer {
    return Buffer.concat([this.#prefix, name]);
  }

  /** What is there under this name, a link as such. */
  find(name: Uint8Array): BigIntStats | undefined {
    return lstatSync(this.at(name), { bigint: true, throwIfNoEntry: false });
  }

  /** One more has to release it. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    if (this.#finally !== undefined) dress(this.descriptor, this.#finally);
    closeSync(this.descriptor);
  }
}

function dress(descriptor: number, { mode, mtimeNs }: CopyMeta): void {
  try {
    fchmodSync(descriptor, mode);
    setModifiedTime(descriptor, mtimeNs);
  } catch {
    // Everything in it is in place; the mode of a folder that is not ours is not worth more than that.
  }
}

/** False when something has this name already. */
function make(path: Buffer): boolean {
  try {
    mkdirSync(path, OWNER);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return false;
  }
}

/** A device, a pipe or a socket stays: to put a file in its place would take it from whoever uses it. Throws `LeftOut`. */
export function requireReplaceable(found: BigIntStats | undefined): void {
  if (found === undefined || [S_IFREG, S_IFLNK, S_IFDIR].includes(Number(found.mode) & S_IFMT)) return;
  throw new LeftOut("in_the_way", "a device, a pipe or a socket is in its place");
}
