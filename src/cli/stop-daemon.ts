import { BangerError } from "../contract/errors.ts";
import { openClient } from "../sdk/open-client.ts";
import { watchDaemonEnd } from "../sdk/watch-daemon-end.ts";
import { daemonPlace } from "./daemon-place.ts";
import type { Environment } from "./environment.ts";

/** Has the daemon end and waits until it has; its pid, or undefined when none runs. Vms run on. */
export async function stopDaemon(environment: Environment): Promise<number | undefined> {
  const place = daemonPlace(environment);
  try {
    using watched = await watchDaemonEnd(place.socketPath);
    const { pid } = await openClient(place).call("daemon.stop", {});
    await watched.ended;
    return pid;
  } catch (error) {
    if (error instanceof BangerError && error.code === "daemon_unreachable") return undefined;
    throw error;
  }
}
