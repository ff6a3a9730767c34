/**
 * Where a kernel is built: a folder below /var/tmp, which is on a disk where /tmp may be in memory, with a path that is short enough for
 * gpg's sockets and has no space, as the kernel's makefiles demand. Leased: a daemon that dies leaves the folder and what works in it.
 */
import { BangerError } from "../../contract/errors.ts";
import type { Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";

export interface BuildFolder extends AsyncDisposable {
  readonly path: string;
}

export const BUILD_PLACE = "/var/tmp";
const PREFIX = `${BUILD_PLACE}/banger-build-`;
/** What may be removed. */
const PLACE = /^\/var\/tmp\/banger-build-[0-9a-f]{16}$/;
const GRACE_MS = 1000;
const KILLED_MS = 5000;
const MAKE_MS = 10_000;
/** Some gigabytes of small files on a slow disk. */
const REMOVE_MS = 5 * 60_000;

/** @param open paths of those that are in use. */
export async function openBuildFolder(system: System, leases: Leases, operationId: string, open: Set<string>): Promise<BuildFolder> {
  const path = PREFIX + system.random.hex(8);
  await using undo = new AsyncDisposableStack();
  open.add(path);
  undo.defer(async () => {
    open.delete(path);
    // Who failed before that is told why, and not this.
    await clear(system, path).catch((error: unknown) => {
      throw folderLeft(path, error);
    });
    // Not before: what cannot be removed now is swept up later, by its lease.
    leases.drop("kernel-build", path);
  });
  leases.write({ kind: "kernel-build", key: path, vmId: undefined, operationId });
  // Refuses one that somebody else has put there.
  await system.processes.runOk(["mkdir", "--mode=0700", path], { timeoutMs: MAKE_MS });
  const owned = undo.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Ends what a dead daemon left at work and removes what it made. Keeps the lease of what cannot be removed. */
export async function sweepBuildFolders(system: System, leases: Leases, open: ReadonlySet<string>): Promise<void> {
  for (const { kind, key: path } of leases.list()) {
    if (kind !== "kernel-build" || open.has(path)) continue;
    try {
      await clear(system, path);
      leases.drop("kernel-build", path);
    } catch (error) {
      system.log.warn("cannot clear up after a build that was cut off", { path, error });
    }
  }
}

function folderLeft(path: string, cause: unknown): BangerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BangerError("unavailable", "build_folder_left", `the kernel was built, and its folder is left: ${why}`, {
    hint: `rm -r ${path}, or leave it to the next start of the daemon`,
    cause,
  });
}

async function clear(system: System, path: string): Promise<void> {
  if (!PLACE.test(path)) throw new Error(`${path} is not a folder that a kernel was built in`);
  await endProcesses(system, path);
  const remove = () => system.processes.run(["rm", "--recursive", "--force", "--one-file-system", "--", path], { timeoutMs: REMOVE_MS });
  if ((await remove()).code === 0) return;
  // An archive may have brought folders that not even we may write.
  await system.processes.run(["chmod", "--recursive", "u+rwX", "--", path], { timeoutMs: REMOVE_MS });
  const second = await remove();
  if (second.code !== 0) throw new Error(`cannot remove ${path}: ${second.stderr.trim()}`);
}

/** The folder's name cannot be guessed, so whoever has it in its arguments works in it: make, the compiler, gpg's helpers. */
async function endProcesses({ processes }: System, path: string): Promise<void> {
  for (const [signal, patienceMs] of [
    ["SIGTERM", GRACE_MS],
    ["SIGKILL", KILLED_MS],
  ] as const) {
    const found = processes.findByArgument(path);
    if (found.length === 0) return;
    for (const identity of found) processes.signal(identity, signal);
    const patience = AbortSignal.timeout(patienceMs);
    await Promise.allSettled(found.map((identity) => processes.watchEnd(identity, patience)));
  }
}
