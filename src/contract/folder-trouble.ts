/** Why a path cannot be a folder of ours, by what the computer said of it, to be read after "cannot use the folder X: it". */
const WHY: Readonly<Record<string, string>> = {
  EACCES: "may not be entered or made by us",
  EPERM: "may not be made",
  ENOENT: "cannot be made where it would lie",
  ENOTDIR: "would lie in what is no folder",
  EEXIST: "is no folder",
  ENAMETOOLONG: "has too long a name",
  ELOOP: "is behind links that lead to themselves",
  EROFS: "is on a file system that is read-only",
  ENOSPC: "is on a disk that is full",
  EDQUOT: "is on a disk on which your quota is used up",
};

/** Undefined when it was something else. */
export function whyNoFolder(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? WHY[String(error.code)] : undefined;
}

/** What to do about any of it. */
export const ANOTHER_HOME = "set BANGER_HOME to a folder of your own";
