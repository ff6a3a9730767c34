/**
 * Whether a folder of ours can be relied on to be ours tomorrow: who may rename one of the folders above it can put another in
 * its place. The daemon asks before it makes its socket, and the client before it believes one.
 */
import { dirname } from "node:path";
import { whyNoFolder } from "./folder-trouble.ts";

export interface FolderFacts {
  readonly isLink: boolean;
  readonly uid: number;
  /** The permission bits, the sticky one too. */
  readonly mode: number;
}

const EVERYBODY_WRITES = 0o002;
const STICKY = 0o1000;

/** The folders above a path, from the root to the nearest: who is refused by one need not look into it. */
export function foldersAbove(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...foldersAbove(above), above];
}

/** The same for a folder that cannot even be looked at, by what looking threw; throws it again when it was something else. */
export function whyNotSeen(path: string, error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "EACCES") return `we may not look at ${path}`;
  const why = whyNoFolder(error);
  if (why === undefined) throw error;
  return `it ${why}`;
}

/**
 * Why others could exchange what lies in the folder `path`; undefined when they cannot. With the sticky bit, as `/tmp` has it, what is
 * ours in there stays ours. Where a link leads was decided by its owner.
 * @param trusted us, and who owns the root of the file system.
 */
export function whyNotTrusted(path: string, { isLink, uid, mode }: FolderFacts, trusted: readonly number[]): string | undefined {
  if (!trusted.includes(uid)) return `${path}, which it lies in, belongs to uid ${uid}`;
  if (!isLink && (mode & EVERYBODY_WRITES) !== 0 && (mode & STICKY) === 0) return `everybody may write to ${path}, which it lies in`;
  return undefined;
}
