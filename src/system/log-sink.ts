/** Where the lines of a log go. Written at once: a crash loses nothing that was said. */
import { copyFileSync, fstatSync, ftruncateSync, statSync, writeSync, type Stats } from "node:fs";

export interface LogSink {
  write(line: string): void;
  /**
   * From now on the file at `path` keeps below `maxBytes`: when a line would make it longer, what it has goes to `path` with
   * `.1` behind it, in place of what was there, and it starts anew. Nothing happens where the lines go to something else than this file.
   */
  keepBelow(path: string, maxBytes: number): void;
}

/**
 * The lines are appended to a descriptor, which somebody else opened: a file is copied and cut, not renamed, so that what the
 * runtime itself says there, at a crash, goes to the same file.
 */
export function makeLogSink(descriptor: number): LogSink {
  let cap: { readonly path: string; readonly maxBytes: number } | undefined;
  return {
    write: (line) => {
      const bytes = Buffer.from(line);
      if (cap !== undefined && isThisFile(descriptor, cap.path) && fstatSync(descriptor).size + bytes.length > cap.maxBytes) {
        copyFileSync(cap.path, `${cap.path}.1`);
        ftruncateSync(descriptor, 0);
      }
      writeSync(descriptor, bytes);
    },
    keepBelow: (path, maxBytes) => {
      cap = isThisFile(descriptor, path) ? { path, maxBytes } : undefined;
    },
  };
}

/** Undefined where there is none, and where there cannot be one: whoever makes the folder tells why. */
function findFile(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Somebody may have removed the file, or put another in its place. */
function isThisFile(descriptor: number, path: string): boolean {
  const found = findFile(path);
  const { ino, dev } = fstatSync(descriptor);
  return found?.isFile() === true && found.ino === ino && found.dev === dev;
}
