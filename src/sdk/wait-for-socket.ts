import { once } from "node:events";
import { watch } from "node:fs";
import net from "node:net";
import { dirname } from "node:path";
import { BangerError } from "../contract/errors.ts";

/** As long as a daemon may take that finds much to put in order. */
const DEADLINE_MS = 15_000;

/** Resolves when somebody answers at a socket. Looks when the socket's folder changes, and throws `unavailable` at the deadline. */
export async function waitForSocket(socketPath: string): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const watcher = watch(dirname(socketPath));
  try {
    for (;;) {
      // Listened for before it is asked: what changes in between counts.
      const changed = once(watcher, "change", { signal: deadline });
      changed.catch(() => undefined);
      if (await answers(socketPath)) return;
      await changed;
    }
  } catch (error) {
    throw new BangerError("timeout", "daemon_did_not_start", `another banger daemon is starting, and does not answer at ${socketPath}`, {
      hint: "banger daemon status",
      cause: error,
    });
  } finally {
    watcher.close();
  }
}

async function answers(socketPath: string): Promise<boolean> {
  const socket = net.connect(socketPath);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    // Nobody there yet: that is the answer.
    return false;
  } finally {
    socket.destroy();
  }
}
