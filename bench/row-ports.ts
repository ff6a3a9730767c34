/** Row 7, of ports: 64 MiB out of a guest through a forwarded port, against the same bytes through a stream of the agent without a daemon. */
import { once } from "node:events";
import net from "node:net";
import type { Readable } from "node:stream";
import { runCommand } from "../src/agent/agent.ts";
import { openGoods } from "../test/support/goods.ts";
import { closeWorld, openWorld } from "../test/support/world.ts";
import { openBareGuests } from "./bare-guest.ts";
import { compare, timed, type Row } from "./measure.ts";

const RUNS = 7;
const MIB = 64;
const PORT = 7000;
/** Whoever connects gets the bytes. */
const SERVER = `use IO::Socket::INET; $SIG{CHLD} = "IGNORE"; my $server = IO::Socket::INET->new(Listen => 8, LocalAddr => "127.0.0.1", LocalPort => ${PORT}) or die;
fork and exit; close STDIN; close STDOUT; close STDERR; my $piece = "x" x 1048576;
while (my $peer = $server->accept) { if (fork) { close $peer; next } for (1 .. ${MIB}) { my $at = 0; $at += syswrite($peer, $piece, 1048576 - $at, $at) // exit while $at < 1048576 } exit }`;

export async function* measurePorts(): AsyncIterable<Row> {
  const goods = await openGoods();
  const world = await openWorld();
  try {
    await world.ok(["vm", "create", "bench", "--kernel", goods.kernel, "--publish", `0:${PORT}`]);
    await world.ok(["exec", "bench", "--", "perl", "-e", SERVER]);
    const { forwards } = await world.json<{ forwards: readonly { hostPort: number }[] }>(["vm", "show", "bench"]);
    await using guest = await (await openBareGuests(world)).open(goods.image, goods.kernel);
    const signal = new AbortController().signal;
    await runCommand(await guest.agent.openExec(signal), { argv: ["perl", "-e", SERVER], env: {} });
    yield await compare({
      row: 7,
      operation: `64 MiB out of a port, ${goods.kernel}`,
      target: 2,
      runs: RUNS,
      ours: {
        what: "forwarded port",
        run: () =>
          timed(async () => {
            const socket = net.connect(forwards[0]?.hostPort ?? 0, "127.0.0.1");
            await once(socket, "connect");
            await takeAll(socket);
          }),
      },
      other: { what: "stream of the agent", run: () => timed(async () => takeAll(await guest.agent.dial(PORT, signal))) },
    });
  } finally {
    await closeWorld(world);
  }
}

async function takeAll(stream: Readable): Promise<void> {
  let bytes = 0;
  stream.on("data", (part: Uint8Array) => (bytes += part.length));
  await once(stream, "end");
  stream.destroy();
  if (bytes !== MIB * 2 ** 20) throw new Error(`${bytes} bytes came out`);
}
