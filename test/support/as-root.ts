/**
 * Commands that take root's powers over files and uids. Who is not root has them over the ids of `/etc/subuid`, which set-up asks for,
 * in a user namespace: there, too, one uid is really another to the kernel.
 */
import { execFileSync } from "node:child_process";

const isRoot = process.getuid?.() === 0;

/** The words that run a command as root. */
export function asRoot(argv: readonly string[]): readonly string[] {
  return isRoot ? argv : ["unshare", "--user", "--map-root-user", "--map-auto", "--", ...argv];
}

export function runAsRoot(argv: readonly string[]): void {
  const [program = "", ...words] = asRoot(argv);
  execFileSync(program, words, { stdio: ["ignore", "ignore", "inherit"] });
}

/** The words that run a command as another user, in these groups besides the user's own. */
export function asUser(uid: number, argv: readonly string[], groups: readonly number[] = []): readonly string[] {
  const inGroups = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`;
  return asRoot(["setpriv", `--reuid=${uid}`, `--regid=${uid}`, inGroups, ...argv]);
}
