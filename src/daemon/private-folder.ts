import { BangerError } from "../contract/errors.ts";
import type { FileInfo, Files } from "../system/system.ts";

/** Makes a folder that only we can enter. Throws `refused` `folder_not_private` when there is one that others could tamper with. */
export async function makePrivateFolder(files: Pick<Files, "find" | "makeFolder">, path: string, uid: number): Promise<void> {
  await files.makeFolder(path, 0o700);
  requirePrivate(path, await files.find(path), uid);
}

/** The same, for a folder that was looked at. */
export function requirePrivate(path: string, found: FileInfo | undefined, uid: number): void {
  if (found?.kind !== "folder")
    throw notPrivate(path, `it is a ${found?.kind ?? "missing folder"}`, `remove ${path}, or set BANGER_HOME to another folder`);
  if (found.uid !== uid) throw notPrivate(path, `it belongs to uid ${found.uid}`, "set BANGER_HOME to a folder of your own");
  if ((found.mode & 0o077) !== 0) throw notPrivate(path, "others may enter it", `chmod 700 ${path}`);
}

function notPrivate(path: string, why: string, hint: string): BangerError {
  return new BangerError("refused", "folder_not_private", `cannot use the folder ${path}: ${why}`, { hint });
}
