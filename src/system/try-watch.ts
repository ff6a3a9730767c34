import { watch, type FSWatcher } from "node:fs";

/** News of a file or folder, of what in it where that is known; undefined where the kernel has no watch left. Then who asks has to look by itself, now and then. */
export function tryWatch(path: string, tell: (name?: string) => void): FSWatcher | undefined {
  try {
    return watch(path, (_event, name) => tell(name ?? undefined)).on("error", () => tell());
  } catch {
    return undefined;
  }
}
