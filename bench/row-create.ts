/**
 * Row 1: from nothing to the first command's exit. Ours through daemon and driver, against the same QEMU, with the same arguments and
 * the same kernel, disks and agent, started by hand; and our agent's readiness against systemd with its SSH server on the same
 * root file system. On the ready kernel and on the distribution's.
 */
import { openGoods } from "../test/support/goods.ts";
import { closeWorld, openWorld } from "../test/support/world.ts";
import { openBareGuests } from "./bare-guest.ts";
import { compare, timed, type Row } from "./measure.ts";
import { connectTo } from "./connect.ts";
import { waitForSshBanner } from "./guest-ssh.ts";
import { runTrue } from "./run-true.ts";

const RUNS = 11;
const SYSTEMD_RUNS = 3;

export async function* measureCreate(): AsyncIterable<Row> {
  const goods = await openGoods();
  const world = await openWorld();
  try {
    const client = await connectTo(world);
    const bare = await openBareGuests(world);
    const kernels = [...new Set([goods.kernel, goods.debianKernel])];
    let made = 0;
    const create = async (kernel: string, init: "agent" | "systemd", until: (name: string) => Promise<unknown>): Promise<number> => {
      const name = `bench-${(made += 1)}`;
      const ms = await timed(async () => {
        await client.call("vm.create", { name, kernel, init });
        await until(name);
      });
      await client.call("vm.delete", { vm: name, force: true });
      return ms;
    };
    const firstCommand = (name: string): Promise<void> => runTrue(client, name);
    for (const kernel of kernels) {
      yield await compare({
        row: 1,
        operation: `create to first command, ${kernel}`,
        target: 1.05,
        runs: RUNS,
        ours: { what: "banger", run: () => create(kernel, "agent", firstCommand) },
        other: { what: "bare QEMU", run: () => bare.firstCommand(goods.image, kernel) },
      });
      yield await compare({
        row: 1,
        operation: `agent ready, against systemd and sshd, ${kernel}`,
        target: 0.35,
        runs: SYSTEMD_RUNS,
        ours: { what: "agent", run: () => create(kernel, "agent", firstCommand) },
        other: { what: "sshd's banner", run: () => create(kernel, "systemd", (name) => waitForSshBanner(client, name)) },
      });
    }
  } finally {
    await closeWorld(world);
  }
}
