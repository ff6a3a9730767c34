import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { BangerError } from "../contract/errors.ts";

/**
 * Throws `refused` `folder_not_private` when somebody else could have put a socket where our daemon's is looked for, and would
 * then be told what we ask and believed what it answers. A folder that is not there is nobody's.
 */
export function checkSocketFolder(socketPath: string): void {
  const folder = dirname(socketPath);
  const info = lstatSync(folder, { throwIfNoEntry: false });
  const why = info === undefined ? undefined : whyNot(info);
  if (why === undefined) return;
  throw new BangerError("refused", "folder_not_private", `cannot use the folder ${folder}: ${why}`, {
    hint: `ls -ld ${folder}; move it away, or set BANGER_HOME to a folder of your own`,
  });
}

function whyNot(info: Stats): string | undefined {
  if (info.isSymbolicLink()) return "it is a link";
  if (!info.isDirectory()) return "it is no folder";
  if (info.uid !== process.getuid?.()) return `it belongs to uid ${info.uid}`;
  return (info.mode & 0o022) === 0 ? undefined : "others may write to it";
}
