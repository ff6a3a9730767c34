import { existsSync } from "node:fs";
import type { World } from "../support/world.ts";

/** Kills the daemon of a world and waits until it is gone: until then its socket may still take connections. False when none runs. */
export async function killDaemon(world: World): Promise<boolean> {
  const pid = world.daemonPid();
  if (pid === undefined) return false;
  process.kill(pid, "SIGKILL");
  while (existsSync(`/proc/${pid}`)) await Bun.sleep(1);
  return true;
}
