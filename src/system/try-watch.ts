import { watch, type FSWatcher } from "node:fs";

/** News of a file or folder; undefined where the kernel has no watch left. Then who asks has to look by itself, now and then. */
export function tryWatch(path: string, tell: () => void): FSWatcher | undefined {
  try {
    return watch(path, tell).on("error", tell);
  } catch {
    return undefined;
  }
}
