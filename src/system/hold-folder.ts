import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { type FileInfo, toFileInfo } from "./file-info.ts";

/** A folder by its descriptor: it stays the same one, whatever is put at its path meanwhile. Open until disposal. */
export interface HeldFolder extends Disposable {
  readonly info: FileInfo;
  /** The path of a name in it, for this process alone. */
  at(name: string): string;
}

/** Of a folder, as `Files.holdFolder` promises it. */
export function holdFolder(path: string): HeldFolder {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return {
    info: toFileInfo(fstatSync(descriptor)),
    at: (name) => `/proc/self/fd/${descriptor}/${name}`,
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
