/**
 * Row 7, of guests: what a way out adds to the start of a vm, and what goes through it, against QEMU's own network with the same guest and
 * the same server. The server is in a small internet of the benchmark's own.
 */
import { openGoods } from "../test/support/goods.ts";
import { INTERNET_ADDRESS, openNetworkWorld, WEB_PORT } from "../test/host/network-world.ts";
import { closeWorld, openWorld, type World } from "../test/support/world.ts";
import { connectTo } from "./connect.ts";
import { compare, timed, type Measured, type Row } from "./measure.ts";
import { runTrue } from "./run-true.ts";

const STARTS = 21;
const RUNS = 9;
const MIB = 64;
/** What a guest takes of the server, to the end. */
const TAKE = `use IO::Socket::INET; my $peer = IO::Socket::INET->new(PeerAddr => "${INTERNET_ADDRESS}", PeerPort => ${WEB_PORT}) or die;
print $peer "GET /mib/${MIB} HTTP/1.0\\r\\n\\r\\n"; my $sum = 0; while (my $count = sysread($peer, my $piece, 1048576)) { $sum += $count }
die "$sum" if $sum < ${MIB} * 1048576`;

export async function* measureLinks(): AsyncIterable<Row> {
  yield* measureStarts();
  yield* measureThroughput();
}

async function* measureStarts(): AsyncIterable<Row> {
  const { kernel } = await openGoods();
  const world = await openWorld();
  try {
    const client = await connectTo(world);
    let made = 0;
    const create = async (nat: boolean): Promise<number> => {
      const name = `bench-${(made += 1)}`;
      const ms = await timed(async () => {
        await client.call("vm.create", { name, kernel, nat });
        await runTrue(client, name);
      });
      await client.call("vm.delete", { vm: name, force: true });
      return ms;
    };
    // The namespace is there from the first of them on.
    await client.call("vm.create", { name: "first", kernel, nat: true });
    yield await compare({
      row: 7,
      operation: `create to first command with a way out, ${kernel}`,
      target: 1.05,
      runs: STARTS,
      ours: { what: "--nat", run: () => create(true) },
      other: { what: "no card", run: () => create(false) },
    });
  } finally {
    await closeWorld(world);
  }
}

async function* measureThroughput(): AsyncIterable<Row> {
  const { kernel } = await openGoods();
  await using internet = await openNetworkWorld();
  const modes = process.getuid?.() === 0 ? (["rooted", "rootless"] as const) : (["rootless"] as const);
  const worlds: World[] = [];
  const open = async (mode: string, ...more: readonly string[]): Promise<Measured> => {
    const world = await openWorld({ prefix: internet.argv([]), config: `[network]\nmode = "${mode}"\n` });
    worlds.push(world);
    await world.ok(["vm", "create", "bench", "--nat", "--kernel", kernel, ...more]);
    return { what: mode, run: () => timed(() => world.ok(["exec", "bench", "--", "perl", "-e", TAKE])) };
  };
  try {
    const other = await open("user", "--unsafe-net");
    for (const mode of modes) {
      const ours = await open(mode);
      yield await compare({ row: 7, operation: `${MIB} MiB into a guest, ${mode}, ${kernel}`, target: 1, runs: RUNS, ours, other });
    }
  } finally {
    for (const world of worlds) await closeWorld(world);
  }
}
