import { accessSync, closeSync, constants, fchmodSync, openSync } from "node:fs";
import { BLOCK_BYTES } from "../../contract/copy-frames.ts";
import type { CopyAnswer, CopyMeta } from "../../contract/copy-messages.ts";
import { Content, readContent } from "./content.ts";
import { reasonOf } from "../../contract/system-error.ts";
import { cannotCopy, codeOf, guestGarbled, LeftOut, unwritable } from "./copy-errors.ts";
import { setModifiedTime } from "./descriptors.ts";
import { requireReplaceable, type Folder } from "./folder.ts";
import { PartFile } from "./part-file.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFDIR, S_IFMT, S_IFREG, W_OK } = constants;

export interface Announced extends CopyMeta {
  readonly name: Uint8Array;
  readonly size: number;
  /** For people. */
  readonly path: string;
}

type State =
  | { readonly is: "announced" }
  /** This much had arrived before. */
  | { readonly is: "begun"; readonly part: PartFile; readonly size: number; readonly content: Content }
  /** A file that may be the same stands in its place. */
  | { readonly is: "standing"; readonly descriptor: number }
  | { readonly is: "arriving"; readonly part: PartFile }
  /** It cannot be kept, which was told; what comes of it is dropped. */
  | { readonly is: "lost" };

/** A file that was announced and whose content is yet to come. What goes wrong with it alone is thrown as `LeftOut`. */
export class PendingFile implements Disposable {
  readonly announced: Announced;
  readonly #folder: Folder;
  #state: State = { is: "announced" };

  constructor(folder: Folder, announced: Announced) {
    this.#folder = folder.hold();
    this.announced = announced;
  }

  /** What is wanted of it. */
  async decide({ resume, checksum }: { readonly resume: boolean; readonly checksum: boolean }): Promise<CopyAnswer> {
    const { name, size, mtimeNs } = this.announced;
    const found = this.#folder.find(name);
    const type = Number(found?.mode ?? 0n) & S_IFMT;
    if (type === S_IFDIR) throw new LeftOut("in_the_way", "a folder is in its place");
    requireReplaceable(found);
    if (!resume) return this.#wantAll();
    const isStanding = type === S_IFREG && found?.size === BigInt(size);
    if (!checksum && isStanding && found.mtimeNs === mtimeNs) {
      if ((Number(found.mode) & 0o7777) !== this.announced.mode) this.#dressStanding();
      return { wants: "unchanged" };
    }
    return (await this.#findPart()) ?? (checksum && isStanding ? await this.#findStanding() : undefined) ?? this.#wantAll();
  }

  /** Content follows, from `offset` on. */
  start(offset: number): void {
    const state = this.#state;
    this.#state = { is: "lost" };
    const { part, content } = this.#openAt(offset, state);
    try {
      part.goOn(offset, content);
    } catch (error) {
      part.close();
      throw this.#full(error);
    }
    this.#state = { is: "arriving", part };
  }

  /** Says whether it was kept. */
  async data(offset: number, bytes: Uint8Array): Promise<boolean> {
    const state = this.#state;
    if (offset + bytes.length > this.announced.size) throw guestGarbled("it sent more of a file than there is");
    if (state.is === "lost") return false;
    if (state.is !== "arriving" || offset < state.part.end) throw guestGarbled("it sent content that is not in order");
    try {
      await state.part.write(offset, bytes);
      return true;
    } catch (error) {
      throw this.#full(error);
    }
  }

  /** All of it was sent. True when it has its name now. */
  end(digest: Uint8Array): boolean {
    const state = this.#state;
    if (state.is === "lost") return false;
    if (state.is !== "arriving") throw guestGarbled("it ended a file that it did not begin");
    const { name, size } = this.announced;
    try {
      if (Buffer.compare(state.part.digestAt(size), digest) !== 0) throw new LeftOut("damaged", "what arrived is not what was sent");
      state.part.place(name, size, this.announced);
      return true;
    } catch (error) {
      const leftOut = unwritable(error);
      if (leftOut.why.code !== "busy") state.part.discard();
      throw leftOut;
    }
  }

  /** The sender found what stands there to be the same. */
  same(): void {
    if (this.#state.is !== "standing") throw guestGarbled("it calls a file the same that it was not asked about");
    this.#dress(this.#state.descriptor);
  }

  /** The sender cannot send the rest of it. */
  abandon(): void {
    if ("part" in this.#state) this.#state.part.discard();
  }

  /** What arrived stays, for a copy that goes on with it. */
  [Symbol.dispose](): void {
    const state = this.#state;
    this.#state = { is: "lost" };
    if ("part" in state) state.part.close();
    if ("descriptor" in state) closeSync(state.descriptor);
    this.#folder.release();
  }

  /** Where nothing can be written it is said before everything is sent for nothing. */
  #wantAll(): CopyAnswer {
    accessSync(this.#folder.at(Buffer.from(".")), W_OK);
    return { wants: "send" };
  }

  async #findPart(): Promise<CopyAnswer | undefined> {
    const { name, size: whole } = this.announced;
    const part = PartFile.find(this.#folder, name);
    if (part === undefined) return undefined;
    const size = Math.min(part.arrived, whole - (whole % BLOCK_BYTES));
    if (size === 0) {
      part.close();
      return undefined;
    }
    this.#state = { is: "begun", part, size, content: new Content() };
    const content = await readContent(part.descriptor, size);
    this.#state = { is: "begun", part, size, content };
    return { wants: "part", size, digest: content.digestAt(size) };
  }

  async #findStanding(): Promise<CopyAnswer | undefined> {
    const { size } = this.announced;
    const descriptor = this.#openStanding();
    this.#state = { is: "standing", descriptor };
    return { wants: "whole", size, digest: (await readContent(descriptor, size)).digestAt(size) };
  }

  /** What stands there has the content already, and not the mode. */
  #dressStanding(): void {
    const descriptor = this.#openStanding();
    try {
      this.#dress(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  #openStanding(): number {
    return openSync(this.#folder.at(this.announced.name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  #dress(descriptor: number): void {
    try {
      fchmodSync(descriptor, this.announced.mode);
    } catch (error) {
      throw unwritable(error);
    }
    setModifiedTime(descriptor, this.announced.mtimeNs);
  }

  #openAt(offset: number, state: State): { readonly part: PartFile; readonly content: Content } {
    if (state.is === "begun" && offset === state.size) return state;
    if (offset !== 0 || state.is === "arriving" || state.is === "lost") throw guestGarbled("it begins a file where it was not asked to");
    if (state.is === "begun") return { part: state.part, content: new Content() };
    if (state.is === "standing") closeSync(state.descriptor);
    try {
      return { part: PartFile.open(this.#folder, this.announced.name), content: new Content() };
    } catch (error) {
      throw unwritable(error);
    }
  }

  /** It cannot be written on: no other file will fare better. */
  #full(error: unknown): Error {
    const code = ["ENOSPC", "EDQUOT"].includes(codeOf(error)) ? "no_space" : "io";
    return cannotCopy("refused", code, `cannot go on writing ${this.announced.path}: ${reasonOf(error)}`, error);
  }
}
