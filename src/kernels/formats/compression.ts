/** Which compression bytes start with. */

export type KernelCompression = "gzip" | "xz" | "zstd" | "lz4";

const MAGICS: readonly (readonly [KernelCompression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  // The old frame, without checksums: what a kernel's build makes.
  ["lz4", [0x02, 0x21, 0x4c, 0x18]],
];

/** Undefined when it is none that is known here (bzip2, lzma and lzo are not). */
export function findCompression(bytes: Uint8Array): KernelCompression | undefined {
  return MAGICS.find(([, magic]) => magic.every((byte, at) => bytes[at] === byte))?.[0];
}
