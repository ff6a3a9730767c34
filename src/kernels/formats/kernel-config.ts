/** A kernel's configuration: the text beside it, or what `CONFIG_IKCONFIG` put inside it. */
import type { System } from "../../system/system.ts";
import { decompressBytes } from "./decompress-bytes.ts";

export interface KernelConfig {
  /** Whether an option is built in (`y`); `m` and unset are not. */
  isBuiltIn(option: string): boolean;
}

const CONFIG_MAX_BYTES = 4 * 2 ** 20;

/** @param text lines such as `CONFIG_VIRTIO_BLK=y`. */
export function parseKernelConfig(text: string): KernelConfig {
  const builtIn = new Set(text.split("\n").flatMap((line) => /^CONFIG_(\w+)=y$/.exec(line)?.[1] ?? []));
  return { isBuiltIn: (option) => builtIn.has(option) };
}

/** The text of the configuration inside a kernel, or undefined. */
export async function findEmbeddedConfig(system: System, vmlinux: Uint8Array, signal: AbortSignal): Promise<string | undefined> {
  const image = Buffer.from(vmlinux.buffer, vmlinux.byteOffset, vmlinux.byteLength);
  const start = image.indexOf("IKCFG_ST");
  const end = start < 0 ? -1 : image.indexOf("IKCFG_ED", start);
  if (end < 0) return undefined;
  const text = await decompressBytes(system, image.subarray(start + 8, end), "gzip", CONFIG_MAX_BYTES, signal);
  return new TextDecoder().decode(text);
}
