import { dumpDatabase, findLeftovers } from "./world-state.ts";
import type { World } from "./world.ts";

const CONVERGE_MS = 10_000;
/** Blanks are made behind the back of a command that is done: what is quiet stays so for as long. */
const QUIET_MS = 150;

/**
 * What is left over when it has stayed the same for a moment, or when time is up.
 * @param onDead called when no daemon runs.
 */
export async function untilQuiet(
  world: World,
  allowed: readonly string[] = [],
  onDead: () => Promise<unknown> = () => world.ok(["vm", "list"]),
): Promise<readonly string[]> {
  const deadline = Date.now() + CONVERGE_MS;
  let before = "";
  for (let quietSince = Date.now(); ; await Bun.sleep(20)) {
    if (world.daemonPid() === undefined) await onDead();
    const left = findLeftovers(world).filter((leftover) => !allowed.includes(leftover));
    // A guest is given what a daemon that died had not given yet, and that is written down.
    const rows = JSON.stringify(dumpDatabase(world).vms);
    if (left.length > 0 || rows !== before) quietSince = Date.now();
    before = rows;
    if (Date.now() - quietSince >= QUIET_MS || Date.now() > deadline) return left;
  }
}
