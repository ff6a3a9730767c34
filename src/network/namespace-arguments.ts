/**
 * The programs that make, hold and use banger's network namespace. Pure.
 *
 * Without root the namespace lies in a user namespace, where this user is root over it and over nothing else. As root there is none
 * around it. What is done inside is the same.
 */
import { basename } from "node:path";
import { UPLINK } from "./slots.ts";

export type NamespaceMode = "rootless" | "rooted";

/** All that is called, in the order in which it is wanted. */
export const PROGRAMS = ["unshare", "setpriv", "cat", "nsenter", "tee", "ip", "nft", "pasta"] as const;

/** What runs on inside has no rights over the namespace, and gets none by whatever it starts. */
const WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];

/** What makes the namespaces of a mode around the program that follows. */
export function unshareArguments(mode: NamespaceMode): readonly string[] {
  return ["unshare", ...(mode === "rootless" ? ["--user", "--map-root-user"] : []), "--net"];
}

/** A process that waits for ever at a pipe that nobody writes to. As it has no rights, pasta's may look at its namespaces. */
export function keeperArguments(mode: NamespaceMode, pipePath: string): readonly string[] {
  return [...unshareArguments(mode), ...keepArguments(pipePath)];
}

/** The same inside of namespaces that are there, in the place of a keeper that is gone. */
export function keepArguments(pipePath: string): readonly string[] {
  return [...WITHOUT_RIGHTS, "cat", pipePath];
}

/** Whether this is a keeper, and ready: before, it is `unshare` or `setpriv`. */
export function isKeeper([program = "", path]: readonly string[], pipePath: string): boolean {
  return basename(program) === "cat" && path === pipePath;
}

/** Whether this is a keeper or becomes one. To name the pipe is not enough. */
export function isKeeping([program = "", ...words]: readonly string[], pipePath: string): boolean {
  const [command, path] = basename(program) === "cat" ? ["cat", words[0]] : words.slice(words.indexOf("cat"));
  return /^(?:unshare|nsenter|setpriv|cat)$/.test(basename(program)) && command === "cat" && path === pipePath;
}

/** Goes before a program that is to run inside as root over the namespace. */
export function enterArguments(mode: NamespaceMode, pid: number): readonly string[] {
  return ["nsenter", `--target=${pid}`, ...userOf(mode), "--net"];
}

/** Goes before a VMM. */
export function vmmArguments(mode: NamespaceMode, pid: number): readonly string[] {
  return [...enterArguments(mode, pid), ...WITHOUT_RIGHTS, "--"];
}

/**
 * What pasta is told wherever it runs. Its sockets are the host's, and its card is the namespace's. `--interface lo` asks of the host no
 * more than that it has a loopback: the addresses are our own, so that the host may come and go from network to network.
 */
export const UPLINK_WORDS = [
  ...["--netns-only", "--foreground", "--quiet", "--config-net", "--ipv4-only"],
  // No port leads anywhere, either way.
  ...["-t", "none", "-u", "none", "-T", "none", "-U", "none"],
  ...["--interface", "lo", "--mac-addr", UPLINK.mac, "--ns-ifname", UPLINK.name],
  ...["--address", UPLINK.address, "--netmask", String(UPLINK.prefix), "--gateway", UPLINK.gateway, "--dns-forward", UPLINK.dns],
] as const;

export function uplinkArguments(mode: NamespaceMode, pid: number, logPath: string): readonly string[] {
  const enter = mode === "rootless" ? ["nsenter", `--target=${pid}`, ...userOf(mode)] : [];
  // Keeps its log to 1 MiB by itself, whatever a guest provokes.
  return [...enter, "pasta", "--runas", "0", ...UPLINK_WORDS, "--log-file", logPath, "--netns", `/proc/${pid}/ns/net`];
}

/** Whether this is the uplink with that log, or about to be. To name the log is not enough: a user may be reading it. */
export function isUplink([program = "", ...words]: readonly string[], logPath: string): boolean {
  return /^(?:nsenter|pasta|passt)/.test(basename(program)) && words.some((word, at) => word === logPath && words[at - 1] === "--log-file");
}

function userOf(mode: NamespaceMode): readonly string[] {
  return mode === "rootless" ? ["--user", "--preserve-credentials"] : [];
}
