import type { Stats } from "node:fs";

export interface FileInfo {
  readonly kind: "file" | "folder" | "link" | "socket" | "other";
  /** Apparent size. */
  readonly bytes: number;
  /** What the file really takes on disk. */
  readonly allocatedBytes: number;
  readonly mode: number;
  readonly uid: number;
  /** How many names a file has. */
  readonly links: number;
  /** Two names of one file have the same. */
  readonly id: string;
  readonly modifiedMs: number;
}

export function toFileInfo(info: Stats): FileInfo {
  return {
    kind: info.isFile() ? "file" : info.isDirectory() ? "folder" : info.isSymbolicLink() ? "link" : info.isSocket() ? "socket" : "other",
    bytes: info.size,
    allocatedBytes: info.blocks * 512,
    mode: info.mode & 0o7777,
    uid: info.uid,
    links: info.nlink,
    id: `${info.dev}:${info.ino}`,
    modifiedMs: info.mtimeMs,
  };
}
