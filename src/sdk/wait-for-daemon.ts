import { once } from "node:events";
import { watch } from "node:fs";
import { dirname } from "node:path";
import { BangerError } from "../contract/errors.ts";
import { isDaemonUp } from "./is-daemon-up.ts";

/** As long as a daemon may take that finds much to put in order. */
const DEADLINE_MS = 15_000;

/** Resolves when a daemon says that it listens, wherever that is. Looks when the note's folder changes, and throws `timeout` at the deadline. */
export async function waitForDaemon(notePath: string): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const watcher = watch(dirname(notePath));
  try {
    for (;;) {
      // Listened for before it is looked at: what changes in between counts.
      const changed = once(watcher, "change", { signal: deadline });
      changed.catch(() => undefined);
      if (isDaemonUp(notePath)) return;
      await changed;
    }
  } catch (error) {
    throw new BangerError(
      "timeout",
      "daemon_did_not_start",
      "cannot reach the banger daemon: another one is starting, and does not listen yet",
      {
        hint: "banger daemon logs",
        cause: error,
      },
    );
  } finally {
    watcher.close();
  }
}
