/** 64 MiB out of a guest: as stdout of a command, and raw. */
import { once } from "node:events";
import net from "node:net";
import { runCommand } from "../src/agent/agent.ts";
import type { Client } from "../src/sdk/sdk.ts";
import type { BareGuest } from "./bare-guest.ts";

const BYTES = 64 * 2 ** 20;
/** Not from the table of goals, which has none for this: framing twice may cost as much again as moving the bytes. */
export const STDOUT_TARGET = 2;
const TO_PORT = `head -c ${BYTES} /dev/zero > /dev/$(basename $(dirname $(grep -lx bench.raw /sys/class/virtio-ports/*/name)))`;

export async function takeStdout(client: Client, vm: string): Promise<void> {
  using session = await client.exec(vm, { argv: ["head", "-c", String(BYTES), "/dev/zero"], env: {} });
  session.stderr.resume();
  session.stdin.end();
  let bytes = 0;
  session.stdout.on("data", (part: Uint8Array) => (bytes += part.length));
  await session.exited;
  if (bytes !== BYTES) throw new Error(`${bytes} bytes came out`);
}

export async function takeRaw({ agent, rawSocketPath }: BareGuest): Promise<void> {
  const socket = net.connect(rawSocketPath);
  await once(socket, "connect");
  let bytes = 0;
  const all = new Promise<void>((resolve, reject) => {
    socket.on("data", (part: Uint8Array) => (bytes += part.length) >= BYTES && resolve());
    socket.on("close", () => reject(new Error(`the port hung up after ${bytes} bytes`)));
  });
  const stream = await agent.openExec(new AbortController().signal);
  const [{ exit, stderr }] = await Promise.all([runCommand(stream, { argv: ["sh", "-c", TO_PORT], env: {} }), all]);
  socket.destroy();
  if (!("code" in exit) || exit.code !== 0) throw new Error(`cannot write to the port: ${stderr.toString()}`);
}
