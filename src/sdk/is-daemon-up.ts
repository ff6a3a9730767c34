import { readFileSync } from "node:fs";
import type { DaemonNote } from "../contract/daemon-note.ts";

/** Whether the daemon of this note runs. Connects to nothing, and so starts nothing where systemd holds the socket. */
export function isDaemonUp(notePath: string): boolean {
  const note = readOrNothing(notePath);
  if (note === undefined) return false;
  try {
    const { pid, startTicks } = JSON.parse(note) as Partial<DaemonNote>;
    if (!Number.isSafeInteger(pid)) return false;
    const stat = readOrNothing(`/proc/${pid}/stat`) ?? "";
    // The name of the program, in parentheses, may hold anything: fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that was killed and that nobody has waited for yet is a zombie.
    return fields[0] !== "Z" && fields[0] !== "X" && Number(fields[19]) === startTicks;
  } catch {
    // Whatever it is, it is no daemon's note.
    return false;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not there, or gone meanwhile.
    return undefined;
  }
}
