import { readFileSync } from "node:fs";

/**
 * Waits until a process has ended: until then it holds what it had open, and its sockets may still take connections. A zombie has,
 * once its other threads are gone; when its parent takes note of it is the parent's business, and some first processes look seldom.
 */
export async function untilEnded(pid: number): Promise<void> {
  while (!hasEnded(pid)) await Bun.sleep(1);
}

export function hasEnded(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^State:\s+[XZ]/m.test(status) && /^Threads:\s+[01]$/m.test(status);
  } catch {
    return true;
  }
}
