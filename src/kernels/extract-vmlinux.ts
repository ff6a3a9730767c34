/** Any form of a kernel file -> the uncompressed ELF that a VMM boots, checked for the entry point it needs. */
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { isBzImage, parseBzImage } from "./formats/bzimage.ts";
import { findCompression } from "./formats/compression.ts";
import { decompressBytes } from "./formats/decompress-bytes.ts";
import { isElf, listElfNotes, readElfNotes, type ElfNote } from "./formats/elf.ts";
import { findKernelVersion } from "./formats/kernel-banner.ts";

export interface Vmlinux {
  readonly bytes: Uint8Array;
  readonly version: string | undefined;
}

const VMLINUX_MAX_BYTES = 512 * 2 ** 20;
/** Where a VMM enters the kernel in 32-bit mode: XEN_ELFNOTE_PHYS32_ENTRY. */
const PVH_NOTE = { name: "Xen", type: 18 };

/** @param name for messages. Throws `invalid` `not_a_kernel`, `unsupported` `no_pvh_entry` or `kernel_compression`. */
export async function extractVmlinux(system: System, file: Uint8Array, name: string, signal: AbortSignal): Promise<Vmlinux> {
  try {
    const { bytes, version } = isBzImage(file)
      ? await fromBzImage(system, file, signal)
      : { bytes: await fromPlain(system, file, signal), version: undefined };
    requirePvhEntry(listElfNotes(bytes), name);
    return { bytes, version: version ?? findKernelVersion(bytes) };
  } catch (error) {
    if (error instanceof BangerError && error.code !== "damaged_compression") throw error;
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    throw new BangerError("invalid", "not_a_kernel", `cannot use ${name} as a kernel: ${error.message}`, {
      hint: `give one that is whole, a vmlinux (ELF) or a bzImage, plain or compressed; what it is tells: file ${name}`,
      cause: error,
    });
  }
}

/** The same of a file that is to be a vmlinux already. Throws `invalid` `not_a_kernel`, `unsupported` `no_pvh_entry`. */
export async function requireBootable({ files }: System, path: string, name: string): Promise<void> {
  try {
    const bytes = (await files.find(path))?.bytes ?? 0;
    requirePvhEntry(await readElfNotes({ bytes, read: (start, end) => files.readRange(path, start, end) }), name);
  } catch (error) {
    if (error instanceof BangerError || !(error instanceof Error) || error instanceof TypeError) throw error;
    throw new BangerError("invalid", "not_a_kernel", `cannot use ${name} as a kernel: ${error.message}`, { cause: error });
  }
}

function requirePvhEntry(notes: readonly ElfNote[], name: string): void {
  if (notes.some((note) => note.name === PVH_NOTE.name && note.type === PVH_NOTE.type)) return;
  throw new BangerError(
    "unsupported",
    "no_pvh_entry",
    `cannot use the kernel ${name}: it has no PVH entry point, by which a microVM starts a kernel`,
    { hint: "use a kernel built with CONFIG_PVH=y; distribution kernels for cloud or virtual machines have it" },
  );
}

async function fromBzImage(system: System, file: Uint8Array, signal: AbortSignal): Promise<Vmlinux> {
  const { payload, version } = parseBzImage(file);
  const how = findCompression(payload);
  if (how === undefined) {
    throw new BangerError(
      "unsupported",
      "kernel_compression",
      "cannot unpack the kernel: its compression is none of gzip, xz, zstd and lz4",
    );
  }
  // The build appends the unpacked size, which is no part of the compressed stream; gzip has that word itself.
  const size = Buffer.from(payload.subarray(-4)).readUInt32LE();
  if (size > VMLINUX_MAX_BYTES) throw new Error(`it says to become ${size} bytes, which no kernel has`);
  const stream = how === "gzip" ? payload : payload.subarray(0, -4);
  const bytes = await decompressBytes(system, stream, how, size, signal);
  if (bytes.length !== size) throw new Error(`it became ${bytes.length} bytes instead of the ${size} announced`);
  return { bytes, version };
}

async function fromPlain(system: System, file: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  if (isElf(file)) return file;
  const how = findCompression(file);
  if (how === undefined) throw new Error("it is neither an ELF file nor a boot image (bzImage)");
  return decompressBytes(system, file, how, VMLINUX_MAX_BYTES, signal);
}
