import { readFileSync } from "node:fs";
import type { DaemonNote } from "../contract/daemon-note.ts";

/** Whether the daemon of this note runs. Connects to nothing, and so starts nothing where systemd holds the socket. */
export function isDaemonUp(notePath: string): boolean {
  return findDaemonNote(notePath) !== undefined;
}

/** What a daemon that runs says of itself; undefined when none does. */
export function findDaemonNote(notePath: string): DaemonNote | undefined {
  const note = readOrNothing(notePath);
  if (note === undefined) return undefined;
  try {
    const { pid, startTicks, bootId, socket } = JSON.parse(note) as Partial<DaemonNote>;
    if (pid === undefined || !Number.isSafeInteger(pid) || startTicks === undefined) return undefined;
    if (bootId === undefined || bootId !== readOrNothing("/proc/sys/kernel/random/boot_id")?.trim()) return undefined;
    if (typeof socket !== "string" || !socket.startsWith("/")) return undefined;
    const fields = statOf(pid);
    // One that was killed and that nobody has waited for yet is a zombie.
    const isUp = fields[0] !== "Z" && fields[0] !== "X" && Number(fields[19]) === startTicks;
    return isUp ? { pid, startTicks, bootId, socket } : undefined;
  } catch {
    // Whatever it is, it is no daemon's note.
    return undefined;
  }
}

/** Whether somebody stopped a process, which then does nothing until it is continued. */
export function isStopped(pid: number): boolean {
  return ["T", "t"].includes(statOf(pid)[0] ?? "");
}

/** What `/proc/PID/stat` says, from the state on. */
function statOf(pid: number): readonly string[] {
  const stat = readOrNothing(`/proc/${pid}/stat`) ?? "";
  // The name of the program, in parentheses, may hold anything: fields are counted after it.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not there, or gone meanwhile.
    return undefined;
  }
}
