/** The daemon of a world as the kernel sees it. */
import { readdirSync, readFileSync } from "node:fs";
import type { World } from "../test/support/world.ts";

export function daemonPidOf(world: World): number {
  const pid = world.daemonPid();
  if (pid === undefined) throw new Error("no daemon runs");
  return pid;
}

/** What is resident of a process. */
export function rssOf(pid: number): number {
  return numberIn(`/proc/${pid}/status`, "VmRSS") * 1024;
}

/** How often each thread of a process has gone to sleep, and so was woken, until now. */
export function sleepsOf(pid: number): ReadonlyMap<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(threads.map((thread) => [thread, numberIn(`/proc/${pid}/task/${thread}/status`, "voluntary_ctxt_switches")]));
}

/** How often its threads went to sleep between two looks. What one did that ended meanwhile is not known. */
export function sleepsBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [thread, count]) => sum + count - (before.get(thread) ?? 0), 0);
}

function numberIn(path: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(path, "utf8"))?.[1];
  if (found === undefined) throw new Error(`${path} does not say ${name}`);
  return Number(found);
}
