/** What a client of the daemon notices while something else goes on. */
import { daemonSocketOf, findRoots } from "../src/contract/roots.ts";
import type { World } from "../test/support/world.ts";
import { openHttpClient } from "./http-load.ts";
import { quantile } from "./measure.ts";

const ASK_EVERY_MS = 5;

/** The 99th percentile of GETs that are sent one after the other until `end` resolves. */
export async function slowestUntil(world: World, end: Promise<unknown>): Promise<number> {
  using http = await openHttpClient(socketOf(world));
  const times: number[] = [];
  let isOver = false;
  const over = end.finally(() => (isOver = true));
  while (!isOver) {
    const started = performance.now();
    await http.get("/v1/vms");
    times.push(performance.now() - started);
    await Bun.sleep(ASK_EVERY_MS);
  }
  await over;
  return quantile(times, 0.99);
}

export function socketOf(world: World): string {
  return daemonSocketOf(findRoots(world.environment));
}
