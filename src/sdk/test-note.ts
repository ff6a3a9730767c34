/** For tests: this process as the daemon of a note. */
import { readFileSync } from "node:fs";
import type { DaemonNote } from "../contract/daemon-note.ts";

export const BOOT_ID = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** When a process started, as field 22 of its line in /proc says it. */
export function startTicksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}

export function noteOfUs(socket: string): DaemonNote {
  return { pid: process.pid, startTicks: startTicksOf(process.pid), bootId: BOOT_ID, socket };
}
