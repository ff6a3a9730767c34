/**
 * Where buildah works for one build: its storage and its temporary files, in a folder of ours that nobody else's buildah looks into. Leased: a
 * daemon that dies leaves the folder and what works in it, which has the folder in its arguments.
 */
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";

export interface FolderParts {
  readonly system: System;
  readonly leases: Leases;
  /** The user id we run as. */
  readonly uid: number;
  /** Paths of those that are in use. */
  readonly openFolders: Set<string>;
  /** Told when one could not be removed: `reconcile` is wanted soon. */
  readonly onTrouble: () => void;
}

export interface DockerfileFolder extends AsyncDisposable {
  readonly path: string;
}

const NAME = /^[0-9a-f]{16}$/;
const KILLED_MS = 5000;
/** Some gigabytes of small files on a slow disk. */
const REMOVE_MS = 5 * 60_000;

export async function openDockerfileFolder(parts: FolderParts, operationId: string): Promise<DockerfileFolder> {
  const { system, leases, openFolders, onTrouble } = parts;
  const path = join(system.layout.buildah, system.random.hex(8));
  await using undo = new AsyncDisposableStack();
  openFolders.add(path);
  undo.defer(async () => {
    // First: what cannot be removed now, reconcile removes. The image is none the worse for it.
    openFolders.delete(path);
    try {
      await clear(parts, path);
    } catch (error) {
      system.log.warn("cannot remove what buildah left yet", { path, error });
      onTrouble();
    }
  });
  leases.write({ kind: "dockerfile", key: path, vmId: undefined, operationId });
  await system.files.makeFolder(join(path, "tmp"));
  const owned = undo.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Those of daemons that are dead, and those that nobody knows of any more. */
export async function sweepDockerfileFolders(parts: FolderParts): Promise<void> {
  const { buildah } = parts.system.layout;
  const leased = parts.leases.list().flatMap(({ kind, key }) => (kind === "dockerfile" ? [key] : []));
  const seen = (await parts.system.files.list(buildah)).filter((name) => NAME.test(name)).map((name) => join(buildah, name));
  for (const path of new Set([...leased, ...seen])) if (!parts.openFolders.has(path)) await clear(parts, path);
}

/** In which a program is all users that an image may have, and root among them: each file in the folder is of one of these. */
export function asAllUsers(uid: number): readonly string[] {
  return uid === 0 ? [] : ["--map-root-user", "--map-auto"];
}

async function clear({ system, leases, uid }: FolderParts, path: string): Promise<void> {
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
  leases.drop("dockerfile", path);
}
