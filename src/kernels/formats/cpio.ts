/** Initramfs archives: cpio in the `newc` form (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */

export type CpioEntry =
  | { readonly kind: "folder"; readonly name: string; readonly mode: number }
  | { readonly kind: "file"; readonly name: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: "character-device"; readonly name: string; readonly mode: number; readonly major: number; readonly minor: number };

const TYPES = { folder: 0o040000, file: 0o100000, "character-device": 0o020000 } as const;
/** Archives that follow each other start on such a boundary. */
const ARCHIVE_ALIGN = 512;

/** An archive, the same bytes for the same entries: no owner, no time. Folders come before what is in them. */
export function makeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts = entries.flatMap((entry, index) => encode(entry, index + 1));
  parts.push(...encodeRaw("TRAILER!!!", { ino: 0, mode: 0, major: 0, minor: 0 }, new Uint8Array()));
  const archive = Buffer.concat(parts);
  return Buffer.concat([archive, padding(archive.length, ARCHIVE_ALIGN)]);
}

function encode(entry: CpioEntry, ino: number): readonly Uint8Array[] {
  const device = entry.kind === "character-device" ? entry : { major: 0, minor: 0 };
  const content = entry.kind === "file" ? entry.content : new Uint8Array();
  return encodeRaw(entry.name, { ino, mode: TYPES[entry.kind] | entry.mode, major: device.major, minor: device.minor }, content);
}

function encodeRaw(
  name: string,
  about: { ino: number; mode: number; major: number; minor: number },
  content: Uint8Array,
): readonly Uint8Array[] {
  const nameBytes = Buffer.from(`${name}\0`, "utf8");
  const [uid, gid, links, time, deviceMajor, deviceMinor, checksum] = [0, 0, 1, 0, 0, 0, 0];
  const numbers = [
    about.ino,
    about.mode,
    uid,
    gid,
    links,
    time,
    content.length,
    deviceMajor,
    deviceMinor,
    about.major,
    about.minor,
    nameBytes.length,
    checksum,
  ];
  const header = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, "0")).join("")}`, "latin1");
  return [header, nameBytes, padding(header.length + nameBytes.length, 4), content, padding(content.length, 4)];
}

function padding(length: number, align: number): Uint8Array {
  return new Uint8Array((align - (length % align)) % align);
}
