/**
 * Where mmdebstrap works: a folder in /tmp, because the ids of an image's users must reach it, and our own folders are closed to all
 * but us. Named after the draft of the image, and leased: a daemon that dies leaves the folder and the processes at work in it,
 * which have the draft in their arguments.
 */
import { basename } from "node:path";
import type { Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";

export interface BootstrapFolder extends AsyncDisposable {
  readonly path: string;
}

const PREFIX = "/tmp/banger-";
/** What may be removed: the name of a draft behind our prefix. */
const PLACE = /^\/tmp\/banger-draft-[0-9a-f]{16}$/;
const PROGRAMS: ReadonlySet<string> = new Set(["mmdebstrap", "tar2sqfs"]);
/** Those that are asked to end remove much of what they made by themselves. */
const GRACE_MS = 2000;
const KILLED_MS = 5000;
const MAKE_MS = 10_000;
/** Some hundred megabytes of small files on a slow disk. */
const REMOVE_MS = 120_000;

/** @param draftFolder its name is that of a hidden folder, `.draft-` and 16 hex digits. */
export async function openBootstrapFolder(
  system: System,
  leases: Leases,
  draftFolder: string,
  operationId: string,
  uid: number,
): Promise<BootstrapFolder> {
  const path = PREFIX + basename(draftFolder).slice(1);
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await removeFolder(system, path, uid);
    // Not before: what cannot be removed now is swept up later, by its lease.
    leases.drop("bootstrap", path);
  });
  leases.write({ kind: "bootstrap", key: path, vmId: undefined, operationId });
  // By the program, because the umask of the daemon would close it; and it refuses one that somebody else has put there.
  await system.processes.runOk(["mkdir", "--mode=0711", path], { timeoutMs: MAKE_MS });
  const open = undo.move();
  return { path, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/**
 * Ends what a dead daemon left at work and removes what it made. Keeps the lease of what cannot be removed.
 * @param isOpen whether the draft of this name is being made now.
 */
export async function sweepBootstraps(system: System, leases: Leases, uid: number, isOpen: (draft: string) => boolean): Promise<void> {
  for (const { kind, key: path } of leases.list()) {
    if (kind !== "bootstrap" || isOpen(`.${path.slice(PREFIX.length)}`)) continue;
    try {
      await endProcesses(system, path);
      await removeFolder(system, path, uid);
      leases.drop("bootstrap", path);
    } catch (error) {
      system.log.warn("cannot clear up after a pull that was cut off", { path, error });
    }
  }
}

async function endProcesses({ processes }: System, path: string): Promise<void> {
  const marker = `/.${path.slice(PREFIX.length)}/`;
  const find = () => processes.findByArgument(marker).filter(({ argv }) => argv.slice(0, 2).some((word) => PROGRAMS.has(basename(word))));
  for (const [signal, patienceMs] of [
    ["SIGTERM", GRACE_MS],
    ["SIGKILL", KILLED_MS],
  ] as const) {
    const found = find();
    for (const identity of found) processes.signal(identity, signal);
    const patience = AbortSignal.timeout(patienceMs);
    await Promise.allSettled(found.map((identity) => processes.watchEnd(identity, patience)));
  }
}

/** Nobody else has made it: its name could not be guessed. The files are the image's users', whom we may act for in a user namespace alone; root may without. */
async function removeFolder({ processes }: System, path: string, uid: number): Promise<void> {
  if (!PLACE.test(path)) throw new Error(`${path} is not a folder that an image was made in`);
  const asAll = uid === 0 ? [] : ["unshare", "--map-root-user", "--map-auto"];
  await processes.runOk([...asAll, "rm", "--recursive", "--force", "--one-file-system", "--", path], { timeoutMs: REMOVE_MS });
}
