/**
 * The receiving side, on this computer. Every name that arrives is one step below a folder that is held open; links are made and
 * never followed. Whatever a guest sends, nothing outside of the place that was named is touched.
 */
import { renameSync, symlinkSync, unlinkSync } from "node:fs";
import { MAX_ANNOUNCED, MAX_DEPTH, MAX_ENTRIES, MAX_PATH_BYTES } from "../../contract/copy-frames.ts";
import type { CopyAnswer, CopyCounts, CopyMessage, CopyMeta } from "../../contract/copy-messages.ts";
import { cannotCopy, codeOf, guestGarbled, LeftOut, unwritable } from "./copy-errors.ts";
import type { CopyWire, TellProblem } from "./copy-wire.ts";
import { setLinkModifiedTime } from "./descriptors.ts";
import { Folder, requireReplaceable } from "./folder.ts";
import { isPartName, partName } from "./part-file.ts";
import { PendingFile } from "./pending-file.ts";
import { cannotCopyTo, mark, unmark, type Target } from "./target.ts";

export interface ReceiveOptions {
  readonly resume: boolean;
  readonly checksum: boolean;
  readonly tell: TellProblem;
  readonly onProgress: (counts: CopyCounts) => void;
}

type Of<Type extends CopyMessage["type"]> = Extract<CopyMessage, { type: Type }>;

/** Receives to the end. Rejects with `BangerError`; what arrived until then stays, for a copy that goes on with it. */
export async function receiveCopy(wire: CopyWire, target: Target, options: ReceiveOptions): Promise<CopyCounts> {
  using receiver = new Receiver(wire, target, options);
  for await (const message of wire.receive()) {
    if (message.type !== "finish") await receiver.take(message);
    else {
      const counts = receiver.finish();
      // Before the loop is left, which ends the stream.
      await wire.send({ type: "done", ...counts });
      await wire.flush();
      return counts;
    }
  }
  throw guestGarbled("it said nothing more");
}

class Receiver implements Disposable {
  readonly #wire: CopyWire;
  readonly #target: Target;
  readonly #options: ReceiveOptions;
  /** Folders that are open, outermost first, and their names. */
  readonly #stack: Folder[] = [];
  readonly #path: Uint8Array[] = [];
  readonly #pending: PendingFile[] = [];
  readonly #counts = { files: 0, unchanged: 0, folders: 0, links: 0, bytes: 0 };
  /** How deep we are below a folder that could not be kept. */
  #lost = 0;
  #entries = 0;
  /** Entries that lie in no other. */
  #tops = 0;
  /** The folder that was made under the name asked for. */
  #made: Folder | undefined;

  constructor(wire: CopyWire, target: Target, options: ReceiveOptions) {
    this.#wire = wire;
    this.#target = target;
    this.#options = options;
  }

  async take(message: CopyMessage): Promise<void> {
    switch (message.type) {
      case "folder":
        return this.#folder(message);
      case "leave":
        return this.#leave();
      case "link":
        return this.#link(message);
      case "file":
        return this.#file(message);
      case "start":
        return this.#attempt(this.#head(), (file) => file.start(message.offset));
      case "data":
        if (await this.#head().data(message.offset, message.bytes)) this.#counts.bytes += message.bytes.length;
        return this.#options.onProgress(this.#counts);
      case "end":
        return this.#last((file) => {
          if (file.end(message.digest)) this.#counts.files += 1;
          this.#options.onProgress(this.#counts);
        });
      case "same":
        this.#counts.unchanged += 1;
        return this.#last((file) => file.same());
      case "abandon":
        return this.#last((file) => file.abandon());
      default:
        throw guestGarbled(`it sent a frame ${message.type}, which only the other side sends`);
    }
  }

  finish(): CopyCounts {
    if (this.#pending.length > 0 || this.#stack.length > 0 || this.#lost > 0) throw guestGarbled("it ended a copy in the middle");
    if (this.#made !== undefined) unmark(this.#made);
    return this.#counts;
  }

  [Symbol.dispose](): void {
    for (const file of this.#pending) file[Symbol.dispose]();
    for (const folder of this.#stack.reverse()) folder.release();
    this.#made?.release();
  }

  #folder({ name, mode, mtimeNs }: Of<"folder">): void {
    this.#count();
    if (this.#lost > 0) {
      this.#lost += 1;
      return;
    }
    if (name.length === 0 && this.#target.rename === undefined) {
      // The place itself, for what lies in a folder that was named with a dot.
      if (this.#stack.length > 0) throw guestGarbled("it sent a folder without a name");
      this.#stack.push(this.#target.base.hold());
      this.#path.push(name);
      return;
    }
    const isTop = this.#stack.length === 0;
    const place = this.#place(name);
    try {
      this.#check(place.name);
      if (this.#stack.length >= MAX_DEPTH) throw new LeftOut("limit", `it lies more than ${MAX_DEPTH} folders deep`);
      this.#stack.push(this.#enter(place, { mode: mode & 0o777, mtimeNs }, isTop));
      this.#path.push(place.name);
    } catch (error) {
      this.#leftOut(place.name, unwritable(error));
      this.#lost = 1;
    }
  }

  #enter(place: Place, meta: CopyMeta, isTop: boolean): Folder {
    const { folder, wasMade } = Folder.enter(place.folder, place.name, meta, this.#options.resume);
    if (wasMade) this.#counts.folders += 1;
    if (isTop && this.#target.rename !== undefined) {
      if (wasMade) mark(folder);
      this.#made = folder.hold();
    }
    return folder;
  }

  #leave(): void {
    if (this.#lost > 0) {
      this.#lost -= 1;
      return;
    }
    const folder = this.#stack.pop();
    if (folder === undefined) throw guestGarbled("it left a folder that it was not in");
    this.#path.pop();
    folder.release();
  }

  #link({ name, target, mtimeNs }: Of<"link">): void {
    this.#count();
    if (this.#lost > 0) return;
    this.#takeNoFolder();
    const place = this.#place(name);
    try {
      this.#check(place.name);
      makeLink(place, target, mtimeNs);
      this.#counts.links += 1;
    } catch (error) {
      this.#leftOut(place.name, unwritable(error));
    }
  }

  async #file({ name, size, mode, mtimeNs }: Of<"file">): Promise<void> {
    this.#count();
    if (this.#pending.length >= MAX_ANNOUNCED) throw guestGarbled("it announced more files than may wait");
    await this.#wire.send({ type: "answer", ...(this.#lost > 0 ? { wants: "refused" } : await this.#decide(name, size, mode, mtimeNs)) });
  }

  /** What is wanted of a file. What is wanted becomes pending. */
  async #decide(announcedName: Uint8Array, size: number, mode: number, mtimeNs: bigint): Promise<CopyAnswer> {
    this.#takeNoFolder();
    const { folder, name } = this.#place(announcedName);
    const file = new PendingFile(folder, { name, size, mode: mode & 0o777, mtimeNs, path: this.#pathTo(name) });
    try {
      this.#check(name);
      const answer = await file.decide(this.#options);
      if (answer.wants === "unchanged") {
        this.#counts.unchanged += 1;
        file[Symbol.dispose]();
      } else this.#pending.push(file);
      return answer;
    } catch (error) {
      file[Symbol.dispose]();
      this.#leftOut(name, unwritable(error));
      return { wants: "refused" };
    }
  }

  /** What stands first in the copy is no folder: it gets no name that ends with a slash. */
  #takeNoFolder(): void {
    const { folderNamed } = this.#target;
    if (this.#stack.length === 0 && folderNamed !== undefined) throw cannotCopyTo("not_found", folderNamed, "there is no such folder");
  }

  #head(): PendingFile {
    const [file] = this.#pending;
    if (file === undefined) throw guestGarbled("it sent content of no file");
    return file;
  }

  /** The end of the file whose turn it is. */
  #last(work: (file: PendingFile) => void): void {
    using file = this.#head();
    this.#pending.shift();
    this.#attempt(file, work);
  }

  #attempt(file: PendingFile, work: (file: PendingFile) => void): void {
    try {
      work(file);
    } catch (error) {
      if (!(error instanceof LeftOut)) throw error;
      this.#options.tell({ type: "problem", path: Buffer.from(file.announced.path), ...error.why });
    }
  }

  #leftOut(name: Uint8Array, error: unknown): void {
    if (!(error instanceof LeftOut)) throw error;
    this.#options.tell({ type: "problem", path: Buffer.from(this.#pathTo(name)), ...error.why });
  }

  /** The folder that a name is put into, and the name it gets there. */
  #place(name: Uint8Array): Place {
    const folder = this.#stack.at(-1);
    if (folder !== undefined) {
      if (name.length === 0) throw guestGarbled("it sent a folder without a name");
      return { folder, name };
    }
    this.#tops += 1;
    const { base, rename } = this.#target;
    if (rename !== undefined && this.#tops > 1) throw guestGarbled("it sent several things for one name");
    return { folder: base, name: rename ?? name };
  }

  /** Whether an entry may be made at all. */
  #check(name: Uint8Array): void {
    if (isPartName(name)) throw new LeftOut("in_the_way", "such names are kept for what has not arrived yet");
    const length = this.#path.reduce((sum, each) => sum + each.length + 1, name.length);
    if (length > MAX_PATH_BYTES) throw new LeftOut("limit", `its path is longer than ${MAX_PATH_BYTES} bytes`);
  }

  #pathTo(name: Uint8Array): string {
    return [...this.#path, name]
      .filter((each) => each.length > 0)
      .map((each) => Buffer.from(each).toString())
      .join("/");
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries > MAX_ENTRIES)
      throw cannotCopy("refused", "too_many", `cannot copy more than ${MAX_ENTRIES} files and folders at once`);
  }
}

interface Place {
  readonly folder: Folder;
  readonly name: Uint8Array;
}

/** A link, made as it was said and not looked at any further. Replaces what has this name, unless that is a folder. */
function makeLink({ folder, name }: Place, target: Uint8Array, mtimeNs: bigint): void {
  requireReplaceable(folder.find(name));
  const part = partName(name);
  const make = (): void => symlinkSync(Buffer.from(target), folder.at(part));
  try {
    make();
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    unlinkSync(folder.at(part));
    make();
  }
  setLinkModifiedTime(folder.descriptor, part, mtimeNs);
  try {
    renameSync(folder.at(part), folder.at(name));
  } catch (error) {
    unlinkSync(folder.at(part));
    throw error;
  }
}
