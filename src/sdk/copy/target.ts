import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { reasonOf } from "../../contract/system-error.ts";
import { cannotCopy, codeOf } from "./copy-errors.ts";
import { Folder } from "./folder.ts";
import { partName } from "./part-file.ts";

const { O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
/** The mark of a folder that a copy made and did not finish. */
const MARK = partName(new Uint8Array());

/** The place that was named to copy to, and what that means: as `cp` takes it. */
export interface Target {
  readonly base: Folder;
  /** The name that the one thing that is copied gets; absent when everything keeps its name. */
  readonly rename: Uint8Array | undefined;
  /** What was named, where it ends with a slash: the new name is then one of a folder. */
  readonly folderNamed: string | undefined;
}

/**
 * `path` is a folder to put things into, or else the new name of one thing. Links in it are followed, for who asks named it. With
 * `resume`, a folder that a copy made and did not finish is that new name again. Throws `BangerError`.
 */
export function openTarget(path: string, several: boolean, resume: boolean): Target {
  const named = path.replace(/\/+$/, "");
  const slash = named.lastIndexOf("/");
  const name = named.slice(slash + 1);
  const parent = slash < 0 ? "." : named.slice(0, slash) || "/";
  const isName = !["", ".", ".."].includes(name);
  let base: Folder;
  try {
    base = Folder.open(path === "" ? "." : path);
  } catch (error) {
    const code = codeOf(error);
    const isMissing = code === "ENOENT";
    if (!isMissing && code !== "ENOTDIR") throw cannotCopyTo("io", path, reasonOf(error), error);
    if (several || !isName || (!isMissing && path.endsWith("/")))
      throw cannotCopyTo(
        isMissing ? "not_found" : "not_a_folder",
        path,
        isMissing ? "there is no such folder" : "it is not a folder",
        error,
      );
    return openParent(parent, name, path);
  }
  if (!resume || several || !isName || base.find(MARK) === undefined) return { base, rename: undefined, folderNamed: undefined };
  base.release();
  return openParent(parent, name, path);
}

function openParent(parent: string, name: string, path: string): Target {
  try {
    return { base: Folder.open(parent), rename: Buffer.from(name), folderNamed: path.endsWith("/") ? path : undefined };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") throw cannotCopyTo("not_found", path, `there is no folder ${parent}`, error);
    if (code === "ENOTDIR") throw cannotCopyTo("not_a_folder", path, `${parent} is not a folder`, error);
    throw cannotCopyTo("io", path, reasonOf(error), error);
  }
}

export function mark(folder: Folder): void {
  closeSync(openSync(folder.at(MARK), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600));
}

export function unmark(folder: Folder): void {
  try {
    unlinkSync(folder.at(MARK));
  } catch {
    // Whoever removed it wanted no mark either.
  }
}

export function cannotCopyTo(code: string, path: string, why: string, cause?: unknown): Error {
  return cannotCopy(code === "not_found" ? "not_found" : "refused", code, `cannot copy to ${path}: ${why}`, cause);
}
