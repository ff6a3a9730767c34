/** A root file system of this computer, as a tar or a folder -> an image in the store. */
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext, StageContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { ImportHow } from "../images.ts";
import { describeMerged } from "../oci/describe-merged.ts";
import { mergeLayers, type Merged, type MergeWanted } from "../oci/merge-layers.ts";
import { baseFile, MANIFEST_FILE, NO_CONFIG } from "../store/image-manifest.ts";
import type { ImageStore } from "../store/image-store.ts";

export interface ImportParts {
  readonly system: System;
  readonly store: ImageStore;
  /** The path of the program that merges layers. */
  readonly placeLayers: () => Promise<string>;
}

/** What a client has open: its stdin, mostly. */
const OF_A_CLIENT = /^\/proc\/\d+\/fd\/\d+$/;

/**
 * Stages: `read`, `store`.
 * @param from absolute: a folder, a file, or a pipe.
 */
export async function importImage(
  parts: ImportParts,
  name: string,
  from: string,
  how: ImportHow,
  context: OperationContext,
): Promise<void> {
  const { system, store, placeLayers } = parts;
  const shown = OF_A_CLIENT.test(from) ? "-" : from;
  const what = `cannot import image ${name} from ${shown}`;
  await store.requireFree(name, what);
  const layer = await find(system, from, what);
  const program = await placeLayers();
  await using draft = await store.openDraft(context.operationId);
  const outPath = join(draft.folder, baseFile("erofs"));
  const wanted = { layers: [layer], outPath, what, hints: hintsOf(name, shown, "folder" in layer) };
  const merged = await context.stage("read", (stage) => read(system, program, wanted, from, stage, context.signal));
  await context.stage("store", async () => {
    const origin = { source: "import", arch: "amd64", kernelRef: how.kernelRef ?? null, init: how.init ?? "agent", config: NO_CONFIG };
    const manifest = await describeMerged(system, merged, outPath, what, origin);
    await system.files.write(join(draft.folder, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`);
    context.signal.throwIfAborted();
    await draft.keep(name);
  });
}

async function find(system: System, from: string, what: string): Promise<{ readonly path: string } | { readonly folder: string }> {
  if (await isFolder(system, from)) return { folder: from };
  if ((await system.files.find(from).catch(() => undefined)) !== undefined) return { path: from };
  throw new BangerError("not_found", "file_not_found", `${what}: there is nothing of that name, or it may not be looked at`, {
    hint: "banger image import NAME --from PATH, a tar or the root folder of a system",
  });
}

async function isFolder(system: System, path: string): Promise<boolean> {
  // What was named may be a link; the dot has it resolved, and is refused below a file.
  return system.files.find(`${path}/.`).then(
    (found) => found?.kind === "folder",
    () => false,
  );
}

async function read(
  system: System,
  program: string,
  wanted: MergeWanted,
  from: string,
  stage: StageContext,
  signal: AbortSignal,
): Promise<Merged> {
  // Of a folder or a pipe nobody knows how much it is.
  const info = await system.files.find(from);
  const total = info?.kind === "file" ? info.bytes : undefined;
  const merged = await mergeLayers(system, program, wanted, signal, (done) => stage.progress(done, total, "bytes"));
  stage.note(`${merged.entries} files and folders`);
  return merged;
}

function hintsOf(name: string, from: string, isFolder: boolean): Readonly<Record<string, string>> {
  const again = `banger image import ${name} --from`;
  return {
    file_unreadable: isFolder
      ? `read it as somebody who may: sudo tar -C ${from} -c . | ${again} -`
      : "give a tar, a folder, or - for a pipe",
    folder_changed: `${again} ${from} when nobody writes to it`,
    damaged_layer: `tar --list --file ${from} has to read it to its end`,
    unsupported_layer: `unpack it on the way: ... | ${again} -`,
    layer_too_large: `tar --list --file ${from} shows what is in it`,
  };
}
