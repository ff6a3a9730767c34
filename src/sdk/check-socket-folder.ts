import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { BangerError } from "../contract/errors.ts";
import { foldersAbove, whyNotSeen, whyNotTrusted } from "../contract/trusted-path.ts";

/**
 * Throws `refused` `folder_not_private` or `socket_path_taken` when somebody else could have put a socket where our daemon's is looked
 * for, and would then be told what we ask and believed what it answers. A folder or a socket that is not there is nobody's.
 */
export function checkSocketFolder(socketPath: string): void {
  const folder = dirname(socketPath);
  const why = whyNotAbove(folder) ?? look(folder, whyNot);
  if (why !== undefined) {
    throw new BangerError("refused", "folder_not_private", `cannot use the folder ${folder}: ${why}`, {
      hint: `ls -ld ${folder}; move it away, or set BANGER_HOME to a folder of your own`,
    });
  }
  const whyNotIt = look(socketPath, whyNoSocketOfOurs);
  if (whyNotIt === undefined) return;
  throw new BangerError("refused", "socket_path_taken", `cannot use the socket ${socketPath}: ${whyNotIt}`, {
    hint: `look at it, and move it away: ls -l ${socketPath}`,
  });
}

function whyNoSocketOfOurs(info: Stats): string | undefined {
  if (info.isSymbolicLink()) return "it is a link";
  if (!info.isSocket()) return "it is none";
  return info.uid === process.getuid?.() ? undefined : `it belongs to uid ${info.uid}`;
}

function whyNotAbove(path: string): string | undefined {
  const trusted = [process.getuid?.() ?? -1, lstatSync("/").uid];
  for (const folder of foldersAbove(path)) {
    const why = look(folder, (info) => whyNotTrusted(folder, { isLink: info.isSymbolicLink(), uid: info.uid, mode: info.mode }, trusted));
    if (why !== undefined) return why;
  }
  return undefined;
}

/** What is wrong with a path that is there. */
function look(path: string, whyNotSo: (info: Stats) => string | undefined): string | undefined {
  try {
    const info = lstatSync(path, { throwIfNoEntry: false });
    return info === undefined ? undefined : whyNotSo(info);
  } catch (error) {
    return whyNotSeen(path, error);
  }
}

function whyNot(info: Stats): string | undefined {
  if (info.isSymbolicLink()) return "it is a link";
  if (!info.isDirectory()) return "it is no folder";
  if (info.uid !== process.getuid?.()) return `it belongs to uid ${info.uid}`;
  return (info.mode & 0o022) === 0 ? undefined : "others may write to it";
}
