import { daemonLogOf, daemonSocketOf, findRoots } from "../contract/roots.ts";
import type { Environment } from "./environment.ts";

/** Where this user's daemon listens and logs. */
export function daemonPlace({ variables }: Environment): { readonly socketPath: string; readonly logPath: string } {
  const roots = findRoots(variables);
  return { socketPath: daemonSocketOf(roots), logPath: daemonLogOf(roots) };
}
