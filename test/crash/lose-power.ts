import { hasEnded, untilEnded } from "../support/until-ended.ts";
import { processesOf, type World } from "../support/world.ts";

/** Ends everything of a world at once, as the loss of power does: daemon, guests, clients. Spares those that have nothing to do with it. */
export async function losePower(world: World, spared: ReadonlySet<number | undefined> = new Set()): Promise<void> {
  const doomed = processesOf(world.folder).filter(({ pid }) => !spared.has(pid));
  for (const { pid } of doomed) {
    // One may have ended by itself meanwhile.
    if (!hasEnded(pid)) process.kill(pid, "SIGKILL");
  }
  for (const { pid } of doomed) await untilEnded(pid);
}
