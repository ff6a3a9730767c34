/**
 * Where the regular files are in a tar stream. It unpacks nothing: links, folders and devices are only skipped, so nothing that
 * an archive says can become a path on this computer.
 *
 * Policy: ustar and GNU headers with a right checksum, GNU long names; pax headers, sparse files and unknown types are refused
 * (dpkg writes none); names are relative, without `..`, UTF-8, each once; after the end there are only zeros.
 */
import { parseTarHeader, TAR_BLOCK_BYTES, type TarHeader } from "./tar-header.ts";

export interface TarFile {
  readonly name: string;
  /** Where its content starts in the stream. */
  readonly offset: number;
  readonly bytes: number;
}

const MAX_ENTRIES = 200_000;
const MAX_NAME_BYTES = 4096;
const SKIPPED = ["1", "2", "3", "4", "5", "6", "K"];

/** Fed with the stream as it passes; throws `Error` on the first thing that is against the policy. */
export class TarIndexer {
  readonly #files = new Map<string, TarFile>();
  #entries = 0;
  #offset = 0;
  /** Bytes of content and padding before the next header. */
  #skip = 0;
  #block: Uint8Array[] = [];
  #blockBytes = 0;
  #longName: { readonly bytes: number; readonly parts: Uint8Array[]; got: number } | undefined;
  #nextName: string | undefined;
  #isEnded = false;

  push(part: Uint8Array): void {
    let at = 0;
    while (at < part.length) {
      const rest = part.length - at;
      const take = this.#skip > 0 ? Math.min(rest, this.#skip) : Math.min(rest, TAR_BLOCK_BYTES - this.#blockBytes);
      const piece = part.subarray(at, at + take);
      at += take;
      this.#offset += take;
      if (this.#skip > 0) this.#content(piece);
      else this.#header(piece);
    }
  }

  /** The files, in order. Throws when the archive is not complete. */
  end(): readonly TarFile[] {
    if (!this.#isEnded || this.#blockBytes !== 0) throw new Error("the archive ends too early");
    return [...this.#files.values()];
  }

  #content(piece: Uint8Array): void {
    this.#skip -= piece.length;
    const long = this.#longName;
    if (long === undefined) return;
    const wanted = piece.subarray(0, long.bytes - long.got);
    long.parts.push(Uint8Array.from(wanted));
    long.got += wanted.length;
    if (this.#skip > 0) return;
    this.#nextName = textOf(Buffer.concat(long.parts));
    this.#longName = undefined;
  }

  #header(piece: Uint8Array): void {
    this.#block.push(Uint8Array.from(piece));
    this.#blockBytes += piece.length;
    if (this.#blockBytes < TAR_BLOCK_BYTES) return;
    const block = Buffer.concat(this.#block);
    this.#block = [];
    this.#blockBytes = 0;
    if (block.every((byte) => byte === 0)) {
      this.#isEnded = true;
      return;
    }
    if (this.#isEnded) throw new Error("the archive goes on after its end");
    this.#entry(parseTarHeader(block));
  }

  #entry(header: TarHeader): void {
    if (++this.#entries > MAX_ENTRIES) throw new Error(`the archive has more than ${MAX_ENTRIES} entries`);
    this.#skip = Math.ceil(header.bytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
    if (header.type === "L") {
      if (header.bytes === 0 || header.bytes > MAX_NAME_BYTES) throw new Error("a name in the archive is too long");
      this.#longName = { bytes: header.bytes, parts: [], got: 0 };
      return;
    }
    const name = this.#nextName ?? header.name;
    if (header.type !== "K") this.#nextName = undefined;
    if (SKIPPED.includes(header.type)) return;
    if (header.type !== "0" && header.type !== "\0") throw new Error(`the archive has an entry of type ${JSON.stringify(header.type)}`);
    const safe = safeName(name);
    if (this.#files.has(safe)) throw new Error(`the archive has ${JSON.stringify(safe)} twice`);
    this.#files.set(safe, { name: safe, offset: this.#offset, bytes: header.bytes });
  }
}

function safeName(name: string): string {
  const safe = name.replace(/^(?:\.\/)+/, "");
  if (safe === "" || safe.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new Error(`the archive has an entry with the name ${JSON.stringify(name.slice(0, 200))}`);
  }
  return safe;
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
}
