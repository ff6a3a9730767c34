/**
 * Row 4: one command in a running guest, against `ssh` to the SSH server of a guest of the same image and kernel, over a TCP
 * connection that this process joins to the guest's port.
 *
 * The whole command line, from its start to its exit, against a whole `ssh` with its handshake; the API, through the daemon, against
 * `ssh` through a connection that is kept open; and what the command line adds to the API. 64 MiB of a command's stdout through daemon,
 * agent and two kinds of frames, against the same bytes through a port of the same kind without any of these.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { openGoods } from "../test/support/goods.ts";
import { BANGER, closeWorld, openWorld, type World } from "../test/support/world.ts";
import { connectTo } from "./connect.ts";
import { openBareGuests, type BareGuest } from "./bare-guest.ts";
import { prepareSshServer } from "./guest-ssh.ts";
import { compare, timed, type Row } from "./measure.ts";
import { runTrue } from "./run-true.ts";
import { STDOUT_TARGET, takeRaw, takeStdout } from "./stdout.ts";

const RUNS = 9;
const SHORT_RUNS = 25;
/** What starting the command line may add to a command. */
const COMMAND_LINE_MS = 15;
const OPTIONS = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "IdentitiesOnly=yes"];

export async function* measureExec(): AsyncIterable<Row> {
  const goods = await openGoods();
  const world = await openWorld();
  try {
    const client = await connectTo(world);
    for (const kernel of new Set([goods.kernel, goods.debianKernel])) {
      await world.ok(["vm", "create", "bench", "--kernel", kernel]);
      await using guest = await (await openBareGuests(world)).open(goods.image, kernel, { rawPort: true });
      const key = await prepareSshServer(guest.agent, world.folder);
      await using door = await openDoor(guest);
      const ssh = sshTo(door.port, key);
      const ours = { what: "banger exec", run: () => timed(() => ended([BANGER, "exec", "bench", "--", "true"], world)) };
      yield await compare({
        row: 4,
        operation: `one command, ${kernel}`,
        target: 1 / 8,
        runs: RUNS,
        ours,
        other: { what: "ssh", run: () => timed(() => ended([...ssh, "true"], world)) },
      });
      await using kept = await openMaster(ssh, world);
      yield await compare({
        row: 4,
        operation: `one command, connection kept, ${kernel}`,
        target: 1 / 2,
        runs: SHORT_RUNS,
        ours: { what: "API", run: () => timed(() => runTrue(client, "bench")) },
        other: { what: "ssh with ControlMaster", run: () => timed(() => ended([...kept.ssh, "true"], world)) },
      });
      yield await compare({
        row: 4,
        operation: `the command line over the API, ${kernel}`,
        target: 1,
        runs: SHORT_RUNS,
        ours,
        other: {
          what: `API + ${COMMAND_LINE_MS} ms`,
          run: async () => (await timed(() => runTrue(client, "bench"))) + COMMAND_LINE_MS,
        },
      });
      yield await compare({
        row: 4,
        operation: `64 MiB of stdout, ${kernel}`,
        target: STDOUT_TARGET,
        runs: RUNS,
        ours: { what: "API", run: () => timed(() => takeStdout(client, "bench")) },
        other: { what: "the same port, raw", run: () => timed(() => takeRaw(guest)) },
      });
      await world.ok(["vm", "delete", "--force", "bench"]);
    }
  } finally {
    await closeWorld(world);
  }
}

function sshTo(port: number, key: string): readonly string[] {
  return ["ssh", ...OPTIONS.flatMap((option) => ["-o", option]), "-i", key, "-p", `${port}`, "root@127.0.0.1"];
}

/** A connection that later commands go through. */
async function openMaster(
  [program = "ssh", ...words]: readonly string[],
  world: World,
): Promise<AsyncDisposable & { readonly ssh: readonly string[] }> {
  const socket = join(world.folder, "master.sock");
  const ssh = [program, "-S", socket, ...words];
  await ended([program, "-M", "-f", "-N", "-S", socket, ...words], world);
  return { ssh, [Symbol.asyncDispose]: () => ended([program, "-S", socket, "-O", "exit", ...words], world) };
}

/** A port on loopback that leads to the guest's SSH server. */
async function openDoor({ agent }: BareGuest): Promise<AsyncDisposable & { readonly port: number }> {
  const signal = new AbortController().signal;
  const server = net.createServer((socket) => {
    void agent.dial(22, signal).then((stream) => {
      socket.pipe(stream).pipe(socket);
      socket.on("error", () => stream.destroy());
      stream.on("error", () => socket.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

async function ended([program = "", ...words]: readonly string[], world: World): Promise<void> {
  const child = spawn(program, words, { env: { ...world.environment }, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}
