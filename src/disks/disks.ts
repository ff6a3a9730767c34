/**
 * Room `disks`: the disks of a vm. The base is shared and read-only; the layer is a sparse ext4 of the vm's own, taken from a
 * pool of blanks; the work disk is a sparse clone of the image's work seed, grown.
 *
 * Laws: no full copy on create; a blank has never been seen by a guest; no disk that a guest has written is ever mounted,
 * checked or resized by the host: the guest grows its own file systems; what was made survives a loss of power. Every path is
 * inside the vm's folder, which the caller leased before.
 */

import type { Probe } from "../contract/probe.ts";

export interface Disks {
  /** Makes `path`, a blank ext4 of `bytes`: from the pool when one of that size is there. */
  openLayer(path: string, bytes: number, signal: AbortSignal): Promise<{ readonly fromPool: boolean }>;
  /** Makes `path` from the seed, grown to `bytes`; the file system inside is grown by the guest. Without a seed: a blank ext4. */
  openWorkDisk(path: string, seedPath: string | undefined, bytes: number, signal: AbortSignal): Promise<void>;
  /** Makes `path` a copy of another disk, which nobody writes to meanwhile. */
  copy(from: string, path: string, signal: AbortSignal): Promise<void>;
  /** Makes a disk at least `bytes` long, also while a guest uses it; what is on it the guest grows. Nothing happens to a longer one. */
  lengthen(path: string, bytes: number): Promise<void>;
  /** How long a disk is. Throws `not_found` `disk_missing`. */
  bytes(path: string): Promise<number>;
  /** What a disk takes on the host now. */
  allocatedBytes(path: string): Promise<number>;
  /** Fills the pool up; off the hot path. */
  refill(signal: AbortSignal): Promise<void>;
  /** What the room needs of the computer. */
  probes(): readonly Probe[];
  /** Removes half-made blanks and their leases. Before anything is made. */
  reconcile(): Promise<void>;
}

/** The size of a root layer unless told otherwise; the pool holds blanks of it. */
export const DEFAULT_LAYER_BYTES = 20 * 2 ** 30;
/** The size of a work disk unless told otherwise, and of every work seed: the usual disk needs no growing in the guest. */
export const DEFAULT_WORK_BYTES = 20 * 2 ** 30;

/** Which sizes a disk can have. */
export { DISK_MAX_BYTES, DISK_MIN_BYTES } from "./disk-size.ts";

/** For goods that are kept under several names. */
export { linkOrCopy } from "./link-or-copy.ts";

/** How an ext4 is made that a guest will use; for rooms above that make one in their own way. */
export { DISK_SHAPE, ext4Arguments } from "./ext4-arguments.ts";
export { makeBlank } from "./make-blank.ts";
