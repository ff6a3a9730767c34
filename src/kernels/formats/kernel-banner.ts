/** The version inside an uncompressed kernel: `Linux version 6.12.117 (...)`. */

const BANNER = "Linux version ";

export function findKernelVersion(vmlinux: Uint8Array): string | undefined {
  const image = Buffer.from(vmlinux.buffer, vmlinux.byteOffset, vmlinux.byteLength);
  for (let at = image.indexOf(BANNER); at >= 0; at = image.indexOf(BANNER, at + 1)) {
    const start = at + BANNER.length;
    const version = /^[0-9]+\.[\x21-\x7e]{1,127}/.exec(image.toString("latin1", start, start + 140))?.[0];
    if (version !== undefined) return version;
  }
  return undefined;
}
