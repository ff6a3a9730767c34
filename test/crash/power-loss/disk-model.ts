/**
 * A disk that may lose what was not synced. Of a file the content counts that it had at its last sync; of what was written since, any part
 * may be there, page by page and in any order. Of folders, what was done since their last sync is there up to some moment: their
 * journal keeps the order. The sync of a new file keeps its name, too, as those of ext4, XFS and btrfs do.
 */
import { dirname } from "node:path";
import type { Chance } from "../../support/seeded.ts";
import type { FileCall } from "./trace-daemon.ts";

const PAGE_BYTES = 4096;

type Change = { readonly offset: number; readonly data: Buffer } | { readonly length: number };

/** What has a content, whatever it is called. */
interface Inode {
  readonly durable: Buffer;
  readonly pending: readonly Change[];
  readonly size: number;
}

type Names = ReadonlyMap<string, number>;
interface NameChange {
  readonly folder: string;
  readonly inode: number | undefined;
  apply(names: Map<string, number>): void;
}

/** How much of what was not synced survives. */
export type Survival = "nothing" | "everything" | "some";

export class DiskModel {
  readonly #inodes: Inode[] = [];
  #durableNames: Map<string, number> = new Map();
  #pendingNames: NameChange[] = [];
  /** As a program sees them. */
  readonly #names = new Map<string, number>();
  readonly #isOurs: (path: string) => boolean;

  /** @param isOurs what is kept of. */
  constructor(isOurs: (path: string) => boolean) {
    this.#isOurs = isOurs;
  }

  apply(call: FileCall): void {
    switch (call.kind) {
      case "open":
        if (!this.#isOurs(call.path)) return;
        if (call.creates && !this.#names.has(call.path)) this.#create(call.path);
        else if (call.truncates) this.#change(call.path, { length: 0 });
        return;
      case "write":
        this.#change(call.path, { offset: call.offset ?? this.#sizeOf(call.path), data: call.data });
        return;
      case "truncate":
        this.#change(call.path, { length: call.length });
        return;
      case "sync":
        this.#sync(call.path);
        return;
      case "rename":
        if (this.#isOurs(call.path) || this.#isOurs(call.to)) this.#rename(call.path, call.to);
        return;
      case "remove":
        if (this.#names.has(call.path)) this.#changeNames(call.path, undefined, (names) => void names.delete(call.path));
        return;
      case "make-folder":
    }
  }

  /** What is found after a loss of power at this moment. */
  survivors(survival: Survival, chance: Chance): ReadonlyMap<string, Buffer> {
    const names: Map<string, number> = new Map(this.#durableNames);
    const kept = { nothing: 0, everything: this.#pendingNames.length, some: chance.below(this.#pendingNames.length + 1) }[survival];
    for (const change of this.#pendingNames.slice(0, kept)) change.apply(names);
    return new Map([...names].map(([path, inode]) => [path, this.#survivorOf(inode, survival, chance)]));
  }

  #survivorOf(index: number, survival: Survival, chance: Chance): Buffer {
    const { durable, pending } = this.#inode(index);
    if (survival === "nothing") return durable;
    return applyChanges(durable, pending, survival === "everything" ? undefined : chance);
  }

  #create(path: string): void {
    const inode = this.#inodes.push({ durable: Buffer.alloc(0), pending: [], size: 0 }) - 1;
    this.#changeNames(path, inode, (names) => void names.set(path, inode));
  }

  #rename(from: string, to: string): void {
    this.#changeNames(to, undefined, (names) => {
      for (const [path, inode] of names as Names) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        names.delete(path);
        names.set(to + path.slice(from.length), inode);
      }
    });
  }

  #changeNames(path: string, inode: number | undefined, apply: NameChange["apply"]): void {
    apply(this.#names);
    this.#pendingNames.push({ folder: dirname(path), inode, apply });
  }

  #change(path: string, change: Change): void {
    const index = this.#names.get(path);
    if (index === undefined) return;
    const { durable, pending, size } = this.#inode(index);
    const newSize = "length" in change ? change.length : Math.max(size, change.offset + change.data.length);
    this.#inodes[index] = { durable, pending: [...pending, change], size: newSize };
  }

  #sync(path: string): void {
    const index = this.#names.get(path);
    if (index !== undefined) {
      const { durable, pending, size } = this.#inode(index);
      this.#inodes[index] = { durable: applyChanges(durable, pending, undefined), pending: [], size };
    }
    // The journal keeps everything before what it has to keep.
    const last = this.#pendingNames.findLastIndex(({ folder, inode }) => folder === path || (inode !== undefined && inode === index));
    for (const change of this.#pendingNames.splice(0, last + 1)) change.apply(this.#durableNames);
  }

  #sizeOf(path: string): number {
    const index = this.#names.get(path);
    return index === undefined ? 0 : this.#inode(index).size;
  }

  #inode(index: number): Inode {
    const inode = this.#inodes[index];
    if (inode === undefined) throw new Error(`there is no inode ${index}`);
    return inode;
  }
}

/** @param chance decides for each page whether it is there; all of them are where it is undefined. */
function applyChanges(content: Buffer, changes: readonly Change[], chance: Chance | undefined): Buffer {
  const ends = changes.map((change) => ("length" in change ? change.length : change.offset + change.data.length));
  const room = Buffer.alloc(Math.max(content.length, ...ends));
  content.copy(room);
  let size = content.length;
  const isThere = (): boolean => chance === undefined || chance.below(2) === 0;
  for (const change of changes) {
    if ("length" in change) {
      if (!isThere()) continue;
      if (change.length < size) room.fill(0, change.length, size);
      size = change.length;
      continue;
    }
    const { offset, data } = change;
    for (let at = 0; at < data.length;) {
      const length = Math.min(data.length - at, PAGE_BYTES - ((offset + at) % PAGE_BYTES));
      if (isThere()) {
        data.copy(room, offset + at, at, at + length);
        size = Math.max(size, offset + at + length);
      }
      at += length;
    }
  }
  return room.subarray(0, size);
}
