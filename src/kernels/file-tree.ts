/** Where a kernel's files are read from: a package or a folder. Names are relative, with slashes, and lead nowhere else. */

export interface FileTree {
  /** Names of regular files, in any order. */
  readonly names: readonly string[];
  read(name: string, maxBytes: number): Promise<Uint8Array>;
}
