import { closeSync, constants, fstatSync, openSync, statfsSync, type BigIntStats } from "node:fs";
import { BLOCK_BYTES } from "../../contract/copy-frames.ts";
import type { CopyAnswer, CopyMeta } from "../../contract/copy-messages.ts";
import { changed, Content, isZero, readAt, readContent, readPieces } from "./content.ts";
import { guestGarbled, LeftOut, unreadable } from "./copy-errors.ts";
import type { CopyWire, TellProblem } from "./copy-wire.ts";

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } = constants;

/** Of proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs and bpf. */
const MADE_UP_MAGIC = new Set([0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11]);

/** A file to be sent, open from the moment it was announced. */
export class SourceFile implements Disposable {
  readonly path: string;
  readonly meta: CopyMeta;
  readonly size: number;
  readonly #descriptor: number;

  /** Opens it. What became something else since it was looked at is no file to be sent: throws what is told as a problem. */
  constructor(full: Buffer, path: string, follow: boolean) {
    this.path = path;
    this.#descriptor = openSync(full, O_RDONLY | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
    const stat = this.#stat();
    const refusal = refusalOf(stat, this.#descriptor);
    if (refusal !== undefined) {
      closeSync(this.#descriptor);
      throw refusal;
    }
    this.meta = { mode: Number(stat.mode) & 0o7777, mtimeNs: stat.mtimeNs };
    this.size = Number(stat.size);
  }

  /** Sends what the receiver wants of it. What goes wrong with this file alone is told. */
  async serve(answer: CopyAnswer, wire: CopyWire, tell: TellProblem, onBytes: (count: number) => void): Promise<void> {
    if (answer.wants === "unchanged" || answer.wants === "refused") return;
    const problem = ({ why }: LeftOut): void => tell({ type: "problem", path: Buffer.from(this.path), ...why });
    const known = "digest" in answer ? await this.#compare(answer.size, answer.digest) : undefined;
    if (known !== undefined && answer.wants === "whole") return wire.send({ type: "same" });
    const from = known !== undefined && "size" in answer ? answer.size : 0;
    await wire.send({ type: "start", offset: from });
    try {
      const digest = await this.#sendContent(from, known ?? new Content(), wire, onBytes);
      const grew = await this.#checkEnd();
      if (grew) problem(new LeftOut("grew", `it grew while it was read: its first ${this.size} bytes were copied`));
      await wire.send({ type: "end", grew, digest });
    } catch (error) {
      if (!(error instanceof LeftOut)) throw error;
      problem(error);
      await wire.send({ type: "abandon" });
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  /** The content up to `size`, if it has this digest. */
  async #compare(size: number, digest: Uint8Array): Promise<Content | undefined> {
    if (size > this.size) throw guestGarbled("it has more of a file than there is");
    try {
      const content = await readContent(this.#descriptor, size);
      return Buffer.compare(content.digestAt(size), digest) === 0 ? content : undefined;
    } catch {
      // Sending it finds the same, and tells it.
      return undefined;
    }
  }

  async #sendContent(from: number, content: Content, wire: CopyWire, onBytes: (count: number) => void): Promise<Uint8Array> {
    const pieces = readPieces(this.#descriptor, from, this.size);
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        throw unreadable(error);
      });
      if (next.done === true) return content.digestAt(this.size);
      const { offset, bytes } = next.value;
      content.add(offset, bytes);
      for (const [at, end] of runsOf(bytes)) {
        await wire.send({ type: "data", offset: offset + at, bytes: bytes.subarray(at, end) });
        onBytes(end - at);
      }
    }
  }

  /** Whether there is more now than was read. Throws `LeftOut` when what was read may not be what there was. */
  async #checkEnd(): Promise<boolean> {
    const now = this.#stat();
    // A file of /proc says that it is empty and is not.
    const hasMore = (await readAt(this.#descriptor, Buffer.alloc(1), 0, 1, this.size).catch(() => 0)) > 0;
    if (hasMore || Number(now.size) > this.size) return true;
    if (Number(now.size) < this.size || now.mtimeNs !== this.meta.mtimeNs) throw changed();
    return false;
  }

  #stat(): BigIntStats {
    return fstatSync(this.#descriptor, { bigint: true });
  }
}

/** Where the runs of blocks that are not zero begin and end. */
function runsOf(bytes: Uint8Array): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    if (!isZero(bytes.subarray(at, at + BLOCK_BYTES))) continue;
    if (at > start) runs.push([start, at]);
    start = at + BLOCK_BYTES;
  }
  if (bytes.length > start) runs.push([start, bytes.length]);
  return runs;
}

function refusalOf({ mode, size }: BigIntStats, descriptor: number): LeftOut | undefined {
  if ((Number(mode) & S_IFMT) !== S_IFREG || size > BigInt(Number.MAX_SAFE_INTEGER))
    return new LeftOut("changed", "it became something else");
  if (!isMadeUp(descriptor)) return undefined;
  return new LeftOut("unreadable", "the kernel makes it up as it is read, and its size is not known: read it with cat");
}

/** Files that say they are empty and are not, or that they are as large as all memory there could be. */
function isMadeUp(descriptor: number): boolean {
  return MADE_UP_MAGIC.has(statfsSync(`/proc/self/fd/${descriptor}`).type);
}
