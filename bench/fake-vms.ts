/** Vms of the fake driver, whose guests are agents as ordinary processes: as many as a daemon is to be measured with. */
import type { Client } from "../src/sdk/sdk.ts";
import { openGoods } from "../test/support/goods.ts";
import { openWorld, type World } from "../test/support/world.ts";
import { connectTo } from "./connect.ts";

export interface FakeVms {
  readonly world: World;
  readonly client: Client;
}

/** A world with `count` vms, running or not. The caller closes the world. */
export async function openFakeVms(count: number, start: boolean): Promise<FakeVms> {
  const { kernel } = await openGoods();
  const world = await openWorld({ config: '[drivers]\norder = ["fake"]\n' });
  const client = await connectTo(world);
  for (let made = 0; made < count; made += 1) await client.call("vm.create", { name: `vm-${made}`, kernel, start });
  return { world, client };
}
