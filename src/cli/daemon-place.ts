import { daemonLogOf, daemonNoteOf, daemonSocketOf, findRoots } from "../contract/roots.ts";
import type { Environment } from "./environment.ts";

export interface DaemonPlace {
  readonly socketPath: string;
  readonly logPath: string;
  /** See `contract/daemon-note.ts`. */
  readonly notePath: string;
}

/** Where this user's daemon listens and logs. */
export function daemonPlace({ variables }: Environment): DaemonPlace {
  const roots = findRoots(variables);
  return { socketPath: daemonSocketOf(roots), logPath: daemonLogOf(roots), notePath: daemonNoteOf(roots) };
}
