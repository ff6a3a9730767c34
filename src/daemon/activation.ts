/** What a service manager tells a daemon that it starts, by the environment: sd_listen_fds(3) and sd_notify(3). Pure. */
import { BangerError } from "../contract/errors.ts";

/** The first descriptor that is handed over. */
const FIRST_DESCRIPTOR = 3;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The descriptor of the socket that the manager listens on for us; undefined when there is none, or it was meant for a process
 * that started us. Throws `invalid` `bad_activation` when there are several.
 */
export function findListeningDescriptor(environment: Variables, pid: number): number | undefined {
  const count = environment["LISTEN_FDS"];
  if (count === undefined || environment["LISTEN_PID"] !== String(pid)) return undefined;
  if (count === "1") return FIRST_DESCRIPTOR;
  throw new BangerError("invalid", "bad_activation", `cannot start the daemon: the service manager hands over ${count} sockets, not one`, {
    hint: "banger daemon install writes units that hand over one",
  });
}

/** Where to say that we are ready; an abstract socket begins with `@`. */
export function findNotifySocket(environment: Variables): string | undefined {
  const path = environment["NOTIFY_SOCKET"];
  return path?.startsWith("/") === true || path?.startsWith("@") === true ? path : undefined;
}
