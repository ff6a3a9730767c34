/** The files of a folder that somebody else made. Links are not followed and not seen, so nothing outside of it is read. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { FileTree } from "../file-tree.ts";

const MAX_FILES = 100_000;
const MAX_DEPTH = 24;

/** @param folder absolute. Only its own files and what is below `boot`, `lib/modules`, `usr/lib/modules` and `extra` are listed. */
export async function readFolderTree(system: System, folder: string, extra: readonly string[], signal: AbortSignal): Promise<FileTree> {
  const names: string[] = [];
  const walk = async (prefix: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    for (const name of await system.files.list(prefix === "" ? folder : `${folder}/${prefix}`)) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const kind = (await system.files.find(`${folder}/${path}`))?.kind;
      if (kind === "file") names.push(path);
      if (kind === "folder" && depth > 0) await walk(path, depth - 1);
      if (names.length > MAX_FILES)
        throw new BangerError("invalid", "too_many_files", `cannot import from ${folder}: it has more than ${MAX_FILES} files`);
    }
  };
  await walk("", 0);
  for (const below of new Set(["boot", "lib/modules", "usr/lib/modules", ...extra])) {
    if (await isRealFolder(system, folder, below)) await walk(below, MAX_DEPTH);
  }
  return {
    names: [...new Set(names)],
    read: async (name, maxBytes) => {
      if (!names.includes(name))
        throw new BangerError("not_found", "file_not_found", `cannot import from ${folder}: there is no file ${name} in it`, {
          hint: "links are not followed",
        });
      return system.files.read(`${folder}/${name}`, maxBytes);
    },
  };
}

async function isRealFolder(system: System, folder: string, below: string): Promise<boolean> {
  const parts = below.split("/");
  for (let count = 1; count <= parts.length; count++) {
    if ((await system.files.find(`${folder}/${parts.slice(0, count).join("/")}`))?.kind !== "folder") return false;
  }
  return true;
}
