import { daemonLogOf, daemonNoteOf, daemonSocketOf, findRoots } from "../contract/roots.ts";
import { findDaemonNote } from "../sdk/is-daemon-up.ts";
import type { Environment } from "./environment.ts";

export interface DaemonPlace {
  readonly socketPath: string;
  readonly logPath: string;
  /** See `contract/daemon-note.ts`. */
  readonly notePath: string;
}

/** Where this user's daemon listens and logs: as it says itself when one runs, for it may have been started with another folder for sockets. */
export function daemonPlace({ variables }: Environment): DaemonPlace {
  const roots = findRoots(variables);
  const notePath = daemonNoteOf(roots);
  return { socketPath: findDaemonNote(notePath)?.socket ?? daemonSocketOf(roots), logPath: daemonLogOf(roots), notePath };
}
