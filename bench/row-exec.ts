/**
 * Row 4: one command in a running guest. Ours is the whole command line, from its start to its exit; the other is `ssh` to the SSH
 * server of a guest of the same image and kernel, over a TCP connection that this process joins to the guest's port.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { openGoods } from "../test/support/goods.ts";
import { BANGER, closeWorld, openWorld, type World } from "../test/support/world.ts";
import { openBareGuests, type BareGuest } from "./bare-guest.ts";
import { prepareSshServer } from "./guest-ssh.ts";
import { compare, timed, type Row } from "./measure.ts";

const RUNS = 9;

export async function* measureExec(): AsyncIterable<Row> {
  const goods = await openGoods();
  const world = await openWorld();
  try {
    for (const kernel of new Set([goods.kernel, goods.debianKernel])) {
      await world.ok(["vm", "create", "bench", "--kernel", kernel]);
      await using guest = await (await openBareGuests(world)).open(goods.image, kernel);
      const key = await prepareSshServer(guest.agent, world.folder);
      await using door = await openDoor(guest);
      const options = [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
        "-o",
        "IdentitiesOnly=yes",
      ];
      const ssh = ["ssh", ...options, "-i", key, "-p", `${door.port}`, "root@127.0.0.1", "true"];
      yield await compare({
        row: 4,
        operation: `one command, ${kernel}`,
        target: 1 / 8,
        runs: RUNS,
        ours: { what: "banger exec", run: () => timed(() => ended([BANGER, "exec", "bench", "--", "true"], world)) },
        other: { what: "ssh", run: () => timed(() => ended(ssh, world)) },
      });
      await world.ok(["vm", "delete", "--force", "bench"]);
    }
  } finally {
    await closeWorld(world);
  }
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
