/**
 * Which file system begins where, by its superblock alone, and whether a guest can have it as its base. Nothing else of it is looked at: what
 * is wrong further in, only the guest finds out.
 */
import type { BaseFormat } from "../store/image-manifest.ts";

/** So much is looked at: the last of what is known stands right behind 64 KiB. */
export const HEAD_BYTES = 68 * 1024;
/** Of pages of the guest, which no block may be longer than. */
const PAGE_BITS = 12;

export interface Trouble {
  readonly code: "disk_not_usable" | "disk_not_clean" | "disk_damaged";
  /** Goes on after the name of the thing: `is one of xfs`. */
  readonly why: string;
  readonly hint: string;
}

export interface FileSystem {
  readonly format: BaseFormat;
  readonly bytes: number;
}

export type Looked = { readonly found: FileSystem } | { readonly trouble: Trouble };

const TO_TAR = "mount it where you trust it, and: sudo tar -C MOUNTED -c . | banger image import NAME --from -";
const UNPACK = "unpack it first";
const AS_RAW = "qemu-img convert -O raw DISK disk.raw, and register that";

/** What is known and not taken: where its magic stands, what it is, what to do. */
const OTHERS: readonly (readonly [at: number, magic: string, name: string, hint: string])[] = [
  [0, "XFSB", "holds xfs", TO_TAR],
  [0x10040, "_BHRfS_M", "holds btrfs", TO_TAR],
  [0x400, "\x10\x20\xf5\xf2", "holds f2fs", TO_TAR],
  [0, "LUKS\xba\xbe", "is encrypted by LUKS", `open it, ${TO_TAR}`],
  [512, "LABELONE", "is a volume of LVM", `activate it, ${TO_TAR}`],
  [0x8001, "CD001", "is an image of a CD", "give the disk of a system that was installed"],
  [3, "NTFS    ", "holds NTFS", "give a disk with a Linux system"],
  [82, "FAT32   ", "holds FAT", "give a disk with a Linux system"],
  [54, "FAT1", "holds FAT", "give a disk with a Linux system"],
  [4086, "SWAPSPACE2", "is swap space", "give a disk with a Linux system"],
  [0, "KDMV", "is a disk in the form of VMware", AS_RAW],
  [0, "# Disk Descript", "is a disk in the form of VMware", AS_RAW],
  [64, "\x7f\x10\xda\xbe", "is a disk in the form of VirtualBox", AS_RAW],
  [0, "vhdxfile", "is a disk in the form of Hyper-V", AS_RAW],
  [0, "conectix", "is a disk in the form of Hyper-V", AS_RAW],
  [0, "\x1f\x8b", "is packed by gzip", `${UNPACK}: gunzip`],
  [0, "\x28\xb5\x2f\xfd", "is packed by zstd", `${UNPACK}: unzstd`],
  [0, "\xfd7zXZ\0", "is packed by xz", `${UNPACK}: unxz`],
  [257, "ustar", "is a tar", "banger image import NAME --from FILE"],
];

/** @param head the first `HEAD_BYTES`, or fewer where that is all. Undefined when it is nothing that is known. */
export function lookAtSuperblock(head: Buffer): Looked | undefined {
  const looked = lookAtExt(head) ?? lookAtSquashfs(head) ?? lookAtErofs(head);
  if (looked !== undefined) return looked;
  const other = OTHERS.find(([at, magic]) => head.subarray(at, at + magic.length).equals(Buffer.from(magic, "latin1")));
  return other === undefined ? undefined : { trouble: { code: "disk_not_usable", why: other[2], hint: other[3] } };
}

const EXT_AT = 1024;
const EXT = {
  recover: 0x4,
  journal: 0x8,
  bits64: 0x80,
  /** What Linux mounts: types in folders, meta_bg, extents, mmp, flex_bg, ea_inode, csum_seed, largedir, inline_data, encrypt. */
  known: 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000,
};
const EXT_CLEAN = 1;
const EXT_ERRORS = 2;

function lookAtExt(head: Buffer): Looked | undefined {
  if (head.length < EXT_AT + 1024 || head.readUInt16LE(EXT_AT + 56) !== 0xef53) return undefined;
  const incompatible = head.readUInt32LE(EXT_AT + 96);
  const blockBits = 10 + head.readUInt32LE(EXT_AT + 24);
  if ((incompatible & EXT.journal) !== 0) return unusable("is the journal of another file system", "give the file system itself");
  const odd = incompatible & ~EXT.known;
  if (odd !== 0) return unusable(`wants features of ext4 that a guest's kernel does not mount: 0x${(odd >>> 0).toString(16)}`, TO_TAR);
  if (blockBits > PAGE_BITS) return unusable("has blocks that are longer than a page", TO_TAR);
  const high = (incompatible & EXT.bits64) === 0 ? 0 : head.readUInt32LE(EXT_AT + 0x150);
  const state = head.readUInt16LE(EXT_AT + 58);
  if ((incompatible & EXT.recover) !== 0 || (state & EXT_CLEAN) === 0 || (state & EXT_ERRORS) !== 0) {
    const why =
      (state & EXT_ERRORS) === 0 ? "was not unmounted: its journal holds what is not in its place yet" : "is marked as having errors";
    const hint = "shut its system down in order, or mend a copy of it: e2fsck -fy COPY";
    return { trouble: { code: "disk_not_clean", why, hint } };
  }
  return sized("ext4", (high * 2 ** 32 + head.readUInt32LE(EXT_AT + 4)) * 2 ** blockBits);
}

const SQUASHFS_LZMA = 2;

function lookAtSquashfs(head: Buffer): Looked | undefined {
  if (head.length < 96 || head.toString("latin1", 0, 4) !== "hsqs") return undefined;
  const version = head.readUInt16LE(28);
  if (version !== 4) return unusable(`is squashfs of version ${version}, not 4`, "unsquashfs it, and make it again");
  if (head.readUInt16LE(20) === SQUASHFS_LZMA)
    return unusable("is squashfs packed by lzma, which Linux does not read", "make it again, with xz");
  return sized("squashfs", Number(head.readBigUInt64LE(40)));
}

const EROFS_AT = 1024;

function lookAtErofs(head: Buffer): Looked | undefined {
  if (head.length < EROFS_AT + 128 || head.readUInt32LE(EROFS_AT) !== 0xe0f5_e1e2) return undefined;
  const blockBits = head.readUInt8(EROFS_AT + 12);
  if (blockBits < 9 || blockBits > PAGE_BITS) return unusable("has blocks that are longer than a page, or too short", TO_TAR);
  if (head.readUInt16LE(EROFS_AT + 86) !== 0) return unusable("has a part of its content in other files", "make it again as one file");
  return sized("erofs", head.readUInt32LE(EROFS_AT + 36) * 2 ** blockBits);
}

function sized(format: BaseFormat, bytes: number): Looked {
  if (bytes > 0 && Number.isSafeInteger(bytes)) return { found: { format, bytes } };
  return { trouble: { code: "disk_damaged", why: `says that it is ${format} of ${bytes} bytes`, hint: "make it again" } };
}

function unusable(why: string, hint: string): Looked {
  return { trouble: { code: "disk_not_usable", why, hint } };
}
