import { fileURLToPath } from "node:url";

/** The path that a `file:` address means here; undefined for one of another computer, or with a slash or a NUL in a name. */
export function localPath(url: string): string | undefined {
  try {
    const path = fileURLToPath(url);
    return path.includes("\0") ? undefined : path;
  } catch {
    return undefined;
  }
}
