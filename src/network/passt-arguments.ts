/**
 * The command of a link: passt inside a network namespace that pasta made for it. Pure.
 *
 * Why two: passt connects to whatever address the guest's packets name, 127.0.0.1 included (seen with Debian 12's version:
 * a guest that routes 127.0.0.0/8 to its gateway reads what listens on the host's loopback). In a namespace of its own
 * the loopback that it reaches is an empty one. pasta carries the rest out, and the host's main address, which the
 * namespace has as well, ends there too.
 */
import { basename } from "node:path";
import { GUEST_GATEWAY, GUEST_IP, GUEST_PREFIX } from "./guest-address.ts";

/** Found in the arguments of all processes of a link; with `vmIdOf` they are told from others that name it. */
export function linkMarker(vmId: string): string {
  return `banger-${vmId}-passt`;
}

const PROGRAMS: ReadonlySet<string> = new Set(["unshare", "pasta", "passt"]);
const LOG_FILE = "--log-file";
const LOG_NAME = /^banger-(?<vmId>[0-9a-f]{1,32})-passt\.log$/;

/**
 * Whose link a process is of, by its arguments; undefined when it is of none. To have the marker among them is not enough: a
 * user may be reading that log.
 */
export function vmIdOf([program = "", ...words]: readonly string[]): string | undefined {
  if (!PROGRAMS.has(basename(program))) return undefined;
  const log = words.find((_word, at) => words[at - 1] === LOG_FILE) ?? "";
  return LOG_NAME.exec(basename(log))?.groups?.["vmId"];
}

export interface PasstPaths {
  readonly socketPath: string;
  /** Its name has the marker. */
  readonly logPath: string;
}

/** No ports of the host lead into the guest, none of the namespace to the host; the gateway's address does not mean the host. */
const CLOSED = ["--ipv4-only", "--no-map-gw", "-t", "none", "-u", "none", "-D", "none"];

/** @param isRoot pasta will not run as the host's root, and as `nobody` could not reach our folders: it gets a user namespace. */
export function passtArguments(paths: PasstPaths, isRoot: boolean): readonly string[] {
  return [
    ...(isRoot ? ["unshare", "--user", "--map-root-user", "pasta", "--netns-only", "--runas", "0"] : ["pasta"]),
    ...["--foreground", "--quiet", "--config-net", ...CLOSED],
    ...["-T", "none", "-U", "none"],
    "--",
    "passt",
    // Ends with the VMM that it serves.
    ...["--foreground", "--one-off", ...CLOSED],
    ...["--socket", paths.socketPath],
    ...["--address", GUEST_IP, "--netmask", String(GUEST_PREFIX), "--gateway", GUEST_GATEWAY],
    // The guest is told its address by its agent.
    ...["--no-dhcp", "--search", "none"],
    // Keeps to 1 MiB by itself, whatever the guest provokes.
    ...[LOG_FILE, paths.logPath],
  ];
}
