import { readdirSync, readFileSync } from "node:fs";

const EVERY_MS = 10;

/** The most memory, in bytes, that a process and all below it had: the sum of what each had at its most. */
export async function peakOf(pid: number, ended: Promise<unknown>): Promise<number> {
  const peaks = new Map<number, number>();
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!isOver) {
    for (const [each, bytes] of treeOf(pid)) peaks.set(each, Math.max(bytes, peaks.get(each) ?? 0));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function treeOf(top: number): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  const peaks = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    const status = statusOf(name);
    parents.set(Number(name), Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]));
    peaks.set(Number(name), Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
  }
  const isBelow = (pid: number | undefined): boolean => pid === top || (pid !== undefined && pid > 1 && isBelow(parents.get(pid)));
  return new Map([...peaks].filter(([pid]) => isBelow(pid)));
}

/** Empty for one that is gone meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
