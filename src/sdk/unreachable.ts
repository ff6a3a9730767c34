import { BangerError } from "../contract/errors.ts";

/** Nobody was there to read what we sent: the same request can be sent again. */
const NOBODY: ReadonlySet<unknown> = new Set(["ENOENT", "ECONNREFUSED", "EACCES"]);

/** Of a longer path Linux has no socket: nobody listens there, and a daemon that is started says so. */
const SOCKET_PATH_MAX_BYTES = 107;

/** The failure when the daemon cannot be asked: `daemon_unreachable` when nobody listens, `daemon_broke_off` when it went away. */
export function unreachable(socketPath: string, cause: unknown): BangerError {
  if (!NOBODY.has((cause as NodeJS.ErrnoException).code) && Buffer.byteLength(socketPath) <= SOCKET_PATH_MAX_BYTES) {
    return new BangerError("unavailable", "daemon_broke_off", "the banger daemon ended the connection before it answered", {
      hint: "banger daemon status",
      cause,
    });
  }
  return new BangerError("unavailable", "daemon_unreachable", `cannot reach the banger daemon: nobody answers at ${socketPath}`, {
    hint: "banger daemon start",
    cause,
  });
}
