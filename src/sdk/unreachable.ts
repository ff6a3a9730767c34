import { BangerError } from "../contract/errors.ts";

/** The failure when nobody listens at the daemon's socket. */
export function unreachable(socketPath: string, cause: unknown): BangerError {
  return new BangerError("unavailable", "daemon_unreachable", `cannot reach the banger daemon: nobody answers at ${socketPath}`, {
    hint: "banger daemon start",
    cause,
  });
}
