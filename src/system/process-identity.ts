/**
 * Who a process is: its pid and the moment it started. A pid alone may belong to somebody else by now; a pid of an earlier boot
 * certainly does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { isErrno } from "./is-errno.ts";
import { closeDescriptor, openPidfd, signalPidfd } from "./native.ts";
import type { Clock, FoundProcess, ProcessIdentity } from "./system.ts";

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15, SIGCONT: 18, SIGSTOP: 19 } as const;

export type SignalName = keyof typeof SIGNALS;

interface Stat {
  /** One letter: `R`, `S`, `T`, ... */
  readonly state: string;
  readonly startTicks: number;
}

/** Fields 3 and 22 of `/proc/PID/stat`; undefined for a process that is gone or a zombie. */
function statOf(pid: number): Stat | undefined {
  const stat = readOf(pid, "stat");
  // The second field is the program's name in parentheses, and may hold anything; fields are counted after the last ")".
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const state = fields[0] ?? "X";
  return state === "Z" || state === "X" ? undefined : { state, startTicks: Number(fields[19]) };
}

export function identify(pid: number, clock: Clock): ProcessIdentity | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks, bootId: clock.bootId() };
}

export function isAlive(identity: ProcessIdentity, clock: Clock): boolean {
  return findStat(identity, clock) !== undefined;
}

/** Whether a signal has stopped this very process; false when it is gone. */
export function isStopped(identity: ProcessIdentity, clock: Clock): boolean {
  return findStat(identity, clock)?.state === "T";
}

function findStat(identity: ProcessIdentity, clock: Clock): Stat | undefined {
  const stat = identity.bootId === clock.bootId() ? statOf(identity.pid) : undefined;
  return stat?.startTicks === identity.startTicks ? stat : undefined;
}

/** Signals this very process: the pidfd is opened first, then the start time is compared, then the pidfd is signalled. */
export function signalProcess(identity: ProcessIdentity, signal: SignalName, clock: Clock): boolean {
  const descriptor = openPidfd(identity.pid);
  if (descriptor === undefined) return false;
  try {
    return isAlive(identity, clock) && signalPidfd(descriptor, SIGNALS[signal]);
  } finally {
    closeDescriptor(descriptor);
  }
}

/**
 * Processes of our own (any, when we are root: a helper may have dropped to another user) with `marker` in their arguments,
 * ourselves left out.
 */
export function findByArgument(marker: string, clock: Clock): readonly FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const words = readOf(pid, "cmdline");
    if (words?.includes(marker) !== true) continue;
    const identity = identify(pid, clock);
    if (identity !== undefined && isOurs(pid)) found.push({ ...identity, argv: words.split("\0") });
  }
  return found;
}

/** The program and its arguments; undefined when there is no such process. */
export function argvOf(pid: number): readonly string[] | undefined {
  return readOf(pid, "cmdline")?.split("\0").slice(0, -1);
}

function isOurs(pid: number): boolean {
  const own = process.getuid?.();
  return own === 0 || new RegExp(`^Uid:\\s+${own}\\s`, "m").test(readOf(pid, "status") ?? "");
}

/** Errors of a process that is gone, the second when it goes while it is read, and of one that is hidden from us: it is none of ours. */
const NOT_THERE = ["ENOENT", "ESRCH", "EACCES", "EPERM"];

/**
 * Undefined when there is no such process. Throws when that cannot be told, for want of descriptors or memory: a process that is taken for
 * gone is never ended, and its vm is taken for broken.
 */
function readOf(pid: number, name: "stat" | "cmdline" | "status"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (error) {
    if (NOT_THERE.some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}
