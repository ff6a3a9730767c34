/**
 * Where buildah works for one build: its storage and its temporary files, in a folder of ours that nobody else's buildah looks into. Leased: a
 * daemon that dies leaves the folder and what works in it, which has the folder in its arguments.
 */
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { Leased } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";

export interface FolderParts {
  readonly system: System;
  /** By their paths. */
  readonly folders: Leased;
}

export interface DockerfileFolder extends AsyncDisposable {
  readonly path: string;
}

const NAME = /^[0-9a-f]{16}$/;
const KILLED_MS = 5000;
/** Some gigabytes of small files on a slow disk. */
const REMOVE_MS = 5 * 60_000;

export async function openDockerfileFolder({ system, folders }: FolderParts, operationId: string): Promise<DockerfileFolder> {
  const path = join(system.layout.buildah, system.random.hex(8));
  const open = await folders.open(path, operationId, () => system.files.makeFolder(join(path, "tmp")));
  return { path, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}

/** Those of daemons that are dead, and those that nobody knows of any more. */
export async function sweepDockerfileFolders({ system: { files, layout }, folders }: FolderParts): Promise<void> {
  await folders.sweep((await files.list(layout.buildah)).filter((name) => NAME.test(name)).map((name) => join(layout.buildah, name)));
}

/** In which a program is all users that an image may have, and root among them: each file in the folder is of one of these. */
export function asAllUsers(uid: number): readonly string[] {
  return uid === 0 ? [] : ["--map-root-user", "--map-auto"];
}

/** With all that works in it. @param uid the user id we run as. */
export async function removeDockerfileFolder(system: System, uid: number, path: string): Promise<void> {
  const { processes, layout, files } = system;
  if (path !== join(layout.buildah, path.slice(-16)) || !NAME.test(path.slice(-16)))
    throw new Error(`${path} is not a folder that buildah worked in`);
  // What it runs dies with it: all of it is in a process namespace of its own.
  const found = processes.findByArgument(path);
  for (const identity of found) processes.signal(identity, "SIGKILL");
  const patience = AbortSignal.timeout(KILLED_MS);
  await Promise.allSettled(found.map((identity) => processes.watchEnd(identity, patience)));
  if ((await files.find(path)) !== undefined) {
    const remove = ["rm", "--recursive", "--force", "--one-file-system", "--", path];
    const argv = uid === 0 ? remove : ["unshare", ...asAllUsers(uid), ...remove];
    const { code, stderr } = await processes.run(argv, { timeoutMs: REMOVE_MS });
    if (code !== 0)
      throw new BangerError("unavailable", "folder_left", `cannot remove ${path}: ${stderr.trim()}`, { hint: `ls -lR ${path}` });
  }
}
