import { untilEnded } from "./until-ended.ts";
import type { World } from "./world.ts";

/** Kills the daemon of a world and waits until it is gone: until then its socket may still take connections. False when none runs. */
export async function killDaemon(world: World): Promise<boolean> {
  const pid = world.daemonPid();
  if (pid === undefined) return false;
  process.kill(pid, "SIGKILL");
  await untilEnded(pid);
  return true;
}
