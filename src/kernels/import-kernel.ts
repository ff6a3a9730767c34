/** `kernel import`: find, copy, store. */
import { dirname } from "node:path";
import { z } from "zod";
import { BangerError, type Problem } from "../contract/errors.ts";
import { problemsOf, wordProblem } from "../contract/problems-of.ts";
import { isOfThePath, pathOf, reasonOf } from "../contract/system-error.ts";
import { wordIssue } from "../contract/word-issue.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { assembleKernel } from "./assemble-kernel.ts";
import { findKernelPlace } from "./import/find-kernel.ts";
import { readFolderTree } from "./import/folder-tree.ts";
import { kernelMetadata, type KernelMetadata } from "./import/metadata.ts";
import type { KernelStore } from "./store/kernel-store.ts";
import type { KernelManifest } from "./store/manifest.ts";

/** Throws `refused` `file_unusable` for what cannot be read or is gone meanwhile, and what it is made of throws. */
export async function importKernel(
  system: System,
  store: KernelStore,
  name: string,
  from: string,
  context: OperationContext,
): Promise<KernelManifest> {
  try {
    return await takeKernel(system, store, name, from, context);
  } catch (error) {
    if (!isOfThePath(error, from)) throw error;
    const path = pathOf(error) ?? from;
    throw new BangerError("refused", "file_unusable", `cannot import from ${from}: ${path}: ${reasonOf(error)}`, {
      hint: `ls -ld ${path}; you have to be able to read it`,
      cause: error,
    });
  }
}

async function takeKernel(
  system: System,
  store: KernelStore,
  name: string,
  from: string,
  context: OperationContext,
): Promise<KernelManifest> {
  await using folder = await store.openFolder(name, context.operationId);
  const { place, metadata } = await context.stage("find", async (stage) => {
    await checkFolder(system, from);
    const said = await readMetadata(system, from);
    const tree = await readFolderTree(system, from, said === undefined ? [] : foldersOf(said), context.signal);
    const found = findKernelPlace(tree, said, from);
    stage.note(found.kernel);
    return { place: found, metadata: said };
  });
  if (metadata?.initrd !== undefined)
    context.notice("the initrd of the kernel is not used: the guest agent is the initramfs of every vm, and drivers come from modules");
  const kernel = await context.stage("copy", async (stage) => {
    const assembled = await assembleKernel(system, place, context.signal);
    checkVersion(from, metadata?.version, assembled.version);
    stage.note(
      `Linux ${assembled.version ?? metadata?.version ?? "of unknown version"}, ${assembled.moduleNames.length} modules; ACPI ${assembled.needsAcpi ? "needed" : "optional"}: ${assembled.acpiReason}`,
    );
    return { ...assembled, version: assembled.version ?? metadata?.version };
  });
  return await context.stage("store", () =>
    folder.keep(kernel, { name, source: "import", package: null, distro: metadata?.distro ?? null }),
  );
}

async function checkFolder(system: System, from: string): Promise<void> {
  if (!from.startsWith("/")) throw new BangerError("invalid", "relative_path", `cannot import from ${from}: it is not an absolute path`);
  if (await isFolder(system, from)) return;
  if ((await system.files.find(from)) !== undefined) {
    throw new BangerError("invalid", "not_a_folder", `cannot import from ${from}: it is no folder`, {
      hint: `banger kernel import NAME --from ${dirname(from)}, the folder that the kernel's file is in`,
    });
  }
  throw new BangerError("not_found", "folder_not_found", `cannot import from ${from}: there is no such folder`, {
    hint: "banger kernel import NAME --from DIR, a folder with the kernel's file",
  });
}

async function isFolder(system: System, path: string): Promise<boolean> {
  // The folder that was named may be a link; the dot has it resolved, and is refused below a file.
  return await system.files.find(`${path}/.`).then(
    (found) => found?.kind === "folder",
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return false;
      throw error;
    },
  );
}

async function readMetadata(system: System, from: string): Promise<KernelMetadata | undefined> {
  const path = `${from}/metadata.json`;
  const info = await system.files.find(path);
  if (info === undefined) return undefined;
  // What it says would be left out without a word, its digest too.
  if (info.kind !== "file")
    throw new BangerError("invalid", "bad_metadata", `cannot import from ${from}: its metadata.json is no file; links are not followed`, {
      hint: `ls -l ${path}; put a file there, or take it away`,
    });
  const text = await system.files.readText(path, 2 ** 20);
  const fail = (problems: readonly Problem[]): never => {
    const all = problems.map(wordProblem).join("; ");
    throw new BangerError("invalid", "bad_metadata", `cannot import from ${from}: its metadata.json is not as it should be: ${all}`, {
      hint: `edit ${path}; only "kernel" must be in it`,
      problems,
    });
  };
  try {
    return kernelMetadata.parse(JSON.parse(text), { error: wordIssue });
  } catch (error) {
    if (error instanceof SyntaxError) return fail([{ code: "json", path: "", message: error.message }]);
    if (!(error instanceof z.ZodError)) throw error;
    return fail(error.issues.flatMap(problemsOf));
  }
}

/** Who says 6.12.1 may mean 6.12.1-local. */
function checkVersion(from: string, said: string | undefined, found: string | undefined): void {
  if (said === undefined || found === undefined || found === said || found.startsWith(`${said}-`) || found.startsWith(`${said}+`)) return;
  throw new BangerError(
    "invalid",
    "other_version",
    `cannot import from ${from}: its metadata.json says Linux ${said}, and the kernel says ${found}`,
  );
}

/** Folders that the metadata points into and that are not looked at otherwise. */
function foldersOf(metadata: KernelMetadata): readonly string[] {
  const parents = [metadata.kernel, metadata.config].flatMap((path) =>
    path?.includes("/") === true ? [path.slice(0, path.lastIndexOf("/"))] : [],
  );
  return metadata.modules === undefined ? parents : [...parents, metadata.modules];
}
