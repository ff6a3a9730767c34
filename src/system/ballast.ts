/**
 * Room on the disk that is held for when there is none: a file that goes when the database needs it. To make room a user deletes
 * vms, and that must be written down first.
 */
import { randomBytes } from "node:crypto";
import { rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** More than the journal takes before it is written back. */
const BALLAST_BYTES = 8 * 2 ** 20;
/** Held again only when so much is free that it is nobody's last. */
const PLENTY_BYTES = 32 * 2 ** 20;

export interface Ballast {
  /** Gives the room to the disk. False when there is none to give. */
  release(): boolean;
  /** Holds room again when there is plenty. Costs next to nothing when there is no need. */
  restore(): void;
}

/** @param freeBytes of a folder's filesystem. */
export function makeBallast(path: string, freeBytes: (folder: string) => number = findFreeBytes): Ballast {
  let isHeld: boolean | undefined;
  const look = (): boolean => (isHeld ??= statSync(path, { throwIfNoEntry: false })?.size === BALLAST_BYTES);
  return {
    release: () => {
      if (!look()) return false;
      rmSync(path, { force: true });
      isHeld = false;
      return true;
    },
    restore: () => {
      try {
        if (look() || freeBytes(dirname(path)) < PLENTY_BYTES) return;
        // No zeros: some filesystems store none of them.
        writeFileSync(path, randomBytes(BALLAST_BYTES), { mode: 0o600 });
        isHeld = true;
      } catch {
        rmSync(path, { force: true }); // another time
      }
    },
  };
}

function findFreeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
