import { BangerError } from "../contract/errors.ts";
import { ANOTHER_HOME, whyNoFolder } from "../contract/folder-trouble.ts";
import { foldersAbove, whyNotSeen, whyNotTrusted } from "../contract/trusted-path.ts";
import type { FileInfo, Files, HeldFolder } from "../system/system.ts";

/** Makes a folder that only we can enter. Throws `refused` `folder_not_private` when there is one that others could tamper with. */
export async function makePrivateFolder(files: Pick<Files, "find" | "makeFolder">, path: string, uid: number): Promise<void> {
  // First those above, so that nothing is made where others have a say.
  await checkAbove(files, path, uid);
  const before = await files.find(path);
  if (before === undefined) await makeOrSayWhy(files, path);
  requirePrivate(path, before ?? (await files.find(path)), uid);
}

/** The same folder from now on, whoever swaps its path for something else. Throws `refused` `folder_not_private`. */
export function holdPrivateFolder(files: Pick<Files, "holdFolder">, path: string, uid: number): HeldFolder {
  let held: HeldFolder;
  try {
    held = files.holdFolder(path);
  } catch (error) {
    throw notPrivate(path, `somebody changed it meanwhile (${error instanceof Error ? error.message : String(error)})`, `ls -ld ${path}`);
  }
  try {
    requirePrivate(path, held.info, uid);
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** Throws `refused` `state_unusable` for the first of these files and folders that is there and that we may not read and write. */
export async function requireUsable(files: Pick<Files, "find" | "mayUse">, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (files.mayUse(path)) continue;
    const found = await files.find(path);
    if (found === undefined) continue;
    const mode = found.mode.toString(8).padStart(3, "0");
    throw new BangerError(
      "refused",
      "state_unusable",
      `cannot use ${path}: we may not read and write it (uid ${found.uid}, mode ${mode})`,
      {
        hint: `ls -l ${path}; have chown or chmod give it back, or ${ANOTHER_HOME}`,
      },
    );
  }
}

async function makeOrSayWhy(files: Pick<Files, "makeFolder">, path: string): Promise<void> {
  try {
    await files.makeFolder(path, 0o700);
  } catch (error) {
    const why = whyNoFolder(error);
    if (why === undefined) throw error;
    throw new BangerError("refused", "folder_unusable", `cannot use the folder ${path}: it ${why}`, { hint: ANOTHER_HOME, cause: error });
  }
}

/** The same, for a folder that was looked at. */
export function requirePrivate(path: string, found: FileInfo | undefined, uid: number): void {
  if (found?.kind !== "folder")
    throw notPrivate(path, `it is a ${found?.kind ?? "missing folder"}`, `move it away, or set BANGER_HOME to another folder`);
  if (found.uid !== uid) throw notPrivate(path, `it belongs to uid ${found.uid}`, ANOTHER_HOME);
  if ((found.mode & 0o077) !== 0) throw notPrivate(path, "others may enter it", `chmod 700 ${path}`);
}

async function checkAbove(files: Pick<Files, "find">, path: string, uid: number): Promise<void> {
  const trusted = [uid, (await files.find("/"))?.uid ?? 0];
  for (const folder of foldersAbove(path)) {
    const why = await files.find(folder).then(
      (found) => (found === undefined ? undefined : whyNotTrusted(folder, { ...found, isLink: found.kind === "link" }, trusted)),
      (error: unknown) => whyNotSeen(folder, error),
    );
    if (why !== undefined) throw notPrivate(path, why, ANOTHER_HOME);
  }
}

function notPrivate(path: string, why: string, hint: string): BangerError {
  return new BangerError("refused", "folder_not_private", `cannot use the folder ${path}: ${why}`, { hint });
}
