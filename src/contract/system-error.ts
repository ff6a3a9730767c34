/** What a call of the system ended with: it carries the name of its error, `ENOENT`, and says all in its message. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code);
}

/** `permission denied`, without the call and its paths. */
export function reasonOf(error: unknown): string {
  return /^[A-Z0-9]+: (.*?)(?:,|$)/.exec((error as Error).message)?.[1] ?? String(error);
}

/** What lies in the path that was named, and in who asks; a disk that does not answer does not. */
const OF_THE_PATH: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EPERM", "EROFS", "ELOOP", "ENAMETOOLONG"]);

/** Whether a path of the user's is at fault, and no program. @param folder that it is, or is in; any path when undefined. */
export function isOfThePath(error: unknown, folder?: string): error is Error & { readonly code: string } {
  if (!isSystemError(error) || !OF_THE_PATH.has(error.code)) return false;
  return folder === undefined || pathOf(error)?.startsWith(folder) === true;
}

/** Another file system, or one without links, or one that has too many of this file. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(["EXDEV", "EPERM", "ENOTSUP", "ENOSYS", "EMLINK"]);

/** Whether a link failed for where it was to be made: nothing was made then. */
export function isWithoutLinks(error: unknown): boolean {
  return isSystemError(error) && WITHOUT_LINKS.has(error.code);
}

/** The path that a call of the system failed with, when it says so. */
export function pathOf(error: unknown): string | undefined {
  return error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
}
