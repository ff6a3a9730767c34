/** A client of a world's daemon, which is started when it does not run. */
import { openClient, type Client } from "../src/sdk/sdk.ts";
import { daemonSocketOf, findRoots } from "../src/contract/roots.ts";
import type { World } from "../test/support/world.ts";

export async function connectTo(world: World): Promise<Client> {
  await world.ok(["ps"]);
  return openClient({ socketPath: daemonSocketOf(findRoots(world.environment)) });
}
