import { BangerError } from "../../contract/errors.ts";
import type { StageContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { mergeLayers, type Merged } from "../oci/merge-layers.ts";

export interface RootWanted {
  /** An absolute path of a folder, a file or a pipe. */
  readonly from: string;
  /** The same, as it was typed. */
  readonly shown: string;
  /** A new file. */
  readonly outPath: string;
  readonly seedPath: string | undefined;
  /** How a refusal begins. */
  readonly what: string;
  /** What to type once more, up to the place. */
  readonly again: string;
  readonly maxBytes: number | undefined;
}

/** Puts a root file system together into a base. Throws `not_found` `file_not_found`, and as `mergeLayers`. */
export async function readRoot(
  system: System,
  program: string,
  { from, shown, outPath, seedPath, what, again, maxBytes }: RootWanted,
  stage: StageContext,
  signal: AbortSignal,
): Promise<Merged> {
  const layer = await find(system, from, what, again);
  // Of a folder or a pipe nobody knows how much it is.
  const info = await system.files.find(from);
  const total = info?.kind === "file" ? info.bytes : undefined;
  const wanted = { layers: [layer], outPath, seedPath, what, hints: hintsOf(again, shown, "folder" in layer), maxBytes };
  const merged = await mergeLayers(system, program, wanted, signal, (done) => stage.progress(done, total, "bytes"));
  stage.note(`${merged.entries} files and folders`);
  return merged;
}

async function find(
  system: System,
  from: string,
  what: string,
  again: string,
): Promise<{ readonly path: string } | { readonly folder: string }> {
  if (await isFolder(system, from)) return { folder: from };
  if ((await system.files.find(from).catch(() => undefined)) !== undefined) return { path: from };
  throw new BangerError("not_found", "file_not_found", `${what}: there is nothing of that name, or it may not be looked at`, {
    hint: `${again} PATH, a tar or the root folder of a system`,
  });
}

async function isFolder(system: System, path: string): Promise<boolean> {
  // What was named may be a link; the dot has it resolved, and is refused below a file.
  return system.files.find(`${path}/.`).then(
    (found) => found?.kind === "folder",
    () => false,
  );
}

function hintsOf(again: string, from: string, isFolder: boolean): Readonly<Record<string, string>> {
  if (isFolder) {
    return {
      file_unreadable: `read it as somebody who may: sudo tar -C ${from} -c . | ${again} -`,
      folder_changed: `${again} ${from} when nobody writes to it`,
      unsupported_layer: `leave it out, or give it another name, then ${again} ${from}`,
      layer_too_large: `du --apparent-size -x ${from} shows what is in it`,
    };
  }
  return {
    file_unreadable: "give a tar, a folder, or - for a pipe",
    damaged_layer: `tar --list --file ${from} has to read it to its end`,
    unsupported_layer: `unpack it on the way: ... | ${again} -`,
    layer_too_large: `tar --list --verbose --file ${from} shows what is in it`,
  };
}
