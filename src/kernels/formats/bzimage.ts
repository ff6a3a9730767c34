/** The boot image that distributions ship (`vmlinuz`): a header, and the compressed kernel inside (Linux, Documentation/arch/x86/boot.rst). */

export interface BzImage {
  /** As `uname -r` will say. */
  readonly version: string | undefined;
  /** The compressed ELF, with the size word that the kernel's build appends. */
  readonly payload: Uint8Array;
}

const HEADER_END = 0x250;
/** The first protocol with the payload's place in the header. */
const PROTOCOL_2_08 = 0x0208;

/** Whether the bytes are a boot image. */
export function isBzImage(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_END && Buffer.from(bytes.subarray(0x202, 0x206)).toString("latin1") === "HdrS";
}

/** Throws `Error` on what is damaged or older than 2008. */
export function parseBzImage(bytes: Uint8Array): BzImage {
  if (!isBzImage(bytes)) throw new Error("it is not a boot image");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0x206, true) < PROTOCOL_2_08) throw new Error("its boot protocol is older than 2.08");
  // Zero stands for four, since the days of floppy disks.
  const setupSectors = (bytes[0x1f1] ?? 0) || 4;
  const start = (setupSectors + 1) * 512 + view.getUint32(0x248, true);
  const length = view.getUint32(0x24c, true);
  if (length < 8 || start + length > bytes.length) throw new Error("its payload lies outside of it");
  return { version: versionOf(bytes, view.getUint16(0x20e, true), setupSectors), payload: bytes.subarray(start, start + length) };
}

function versionOf(bytes: Uint8Array, pointer: number, setupSectors: number): string | undefined {
  const start = pointer + 0x200;
  if (pointer === 0 || start >= (setupSectors + 1) * 512) return undefined;
  const text = Buffer.from(bytes.subarray(start, start + 256)).toString("latin1");
  return /^[0-9]+\.[\x21-\x7e]{1,127}/.exec(text)?.[0];
}
