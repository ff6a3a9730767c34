/** How every ext4 of banger's is made: at once, and with next to nothing written. */

/** mke2fs 1.47 is the first that can be told that a sparse file reads as zeros. */
export const MKE2FS_MIN_VERSION = "1.47";

export interface Ext4Shape {
  /** More journal helps commands that sync often; the guest fills it as it goes round. */
  readonly journalMiB: number;
  /** Space for one inode each; fewer bytes, more inodes. A grown file system keeps the number per block group. */
  readonly bytesPerInode: number;
}

/** Layers, work disks and seeds. A longer journal would be faster for few and be written out whole by all in time. */
export const DISK_SHAPE: Ext4Shape = { journalMiB: 16, bytesPerInode: 16_384 };

/** Blocks of 4 KiB up to which descriptors are reserved for growth while mounted: 1 TiB. */
const GROWTH_BLOCKS = 2 ** 28;

/**
 * Options of mke2fs for a file that reads as zeros; the path and its size follow.
 *
 * `assume_storage_prezeroed` also marks the inode tables as done: else the guest's kernel would write zeros over all of
 * them after the first mount, 320 MiB for a disk of 20 GiB. No blocks are reserved for root: the guest's root is everybody.
 */
export function ext4Arguments(shape: Ext4Shape): readonly string[] {
  return [
    "-q",
    "-F",
    ...["-t", "ext4"],
    ...["-b", "4096"],
    ...["-I", "256"],
    ...["-m", "0"],
    ...["-i", String(shape.bytesPerInode)],
    ...["-J", `size=${shape.journalMiB}`],
    "-E",
    `lazy_itable_init=0,lazy_journal_init=1,assume_storage_prezeroed=1,nodiscard,root_owner=0:0,resize=${GROWTH_BLOCKS}`,
  ];
}
