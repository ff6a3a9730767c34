/** Debian packages and tar archives made for tests, right and wrong ones. */
import { AR_MAGIC } from "./ar-header.ts";
import { makeTarHeader, TAR_BLOCK_BYTES } from "./tar-header.ts";

export interface MadeTarEntry {
  readonly name: string;
  readonly content?: Uint8Array;
  /** `0` unless given. */
  readonly type?: string;
  /** Instead of the content's length. */
  readonly bytes?: number;
}

/** A GNU tar, with long names where they are needed. */
export function makeTar(entries: readonly MadeTarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const long = Buffer.from(`${entry.name}\0`);
    const before = long.length > 100 ? [makeTarHeader("././@LongLink", long.length, "L"), padded(long)] : [];
    const content = entry.content ?? new Uint8Array();
    return [...before, makeTarHeader(entry.name, entry.bytes ?? content.length, entry.type ?? "0"), padded(content)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK_BYTES)]);
}

export function makeAr(members: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const parts = members.flatMap(([name, content]) => [
    Buffer.from(
      `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(content.length).padEnd(10)}\`\n`,
    ),
    content,
    Buffer.from(content.length % 2 === 1 ? "\n" : ""),
  ]);
  return Buffer.concat([Buffer.from(AR_MAGIC), ...parts]);
}

/** @param data the data archive, compressed as its member's name says. */
export function makeDeb(member: string, data: Uint8Array): Buffer {
  return makeAr([
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar.gz", Buffer.from("none")],
    [member, data],
  ]);
}

function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((TAR_BLOCK_BYTES - (content.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES)]);
}
